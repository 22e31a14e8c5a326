/** What a new password needs, said before it is refused. The server has the last word. */
export const passwordRule =
  "At least 12 characters with upper and lower case, a digit and a sign. Without your address and the workspace's name.";
