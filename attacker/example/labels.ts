import { moment } from "./accounts.ts";
import { answer, type Handler, nextId, none, Refusal, text, uuid } from "./model.ts";

// Labels are the tenant's; a name can be taken once.

export const listLabels: Handler = ({ app }, me) =>
  answer(200, { items: app.labels.filter(({ tenant }) => tenant === me.tenant), next: null });

export const createLabel: Handler = async ({ app, body }, me) => {
  const name = text(body.name, 100);
  const taken = app.labels.some((one) => one.tenant === me.tenant && one.name === name);
  if (taken) throw new Refusal(409, "taken");
  if (app.holes.has("same-name-twice")) await moment();
  const label = { id: nextId(app), tenant: me.tenant, name };
  app.labels.push(label);
  return answer(201, { id: label.id });
};

export const removeLabel: Handler = async ({ app, id }, me) => {
  const label = app.labels.find((one) => one.id === uuid(id) && one.tenant === me.tenant);
  if (!label) return none();
  if (app.holes.has("deleted-twice")) await moment();
  app.labels = app.labels.filter((other) => other !== label);
  return answer(204);
};
