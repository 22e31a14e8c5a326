/** Says, while this browser works for its right to try again, that it does so by itself. */
export function WorkLine({ working }: { working: boolean }) {
  return (
    <p role="status" className="-mt-1 text-center text-small text-muted empty:hidden">
      {working && "After failed attempts your browser does a little work first. Nothing for you to do."}
    </p>
  );
}
