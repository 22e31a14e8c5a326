import { inspect } from "node:util";

const PRINTED = "[secret]";
const values = new WeakMap<object, unknown>();

/** A value that nothing prints: String(), template literals, JSON, util.inspect and a spread show `[secret]` or nothing. */
export type Secret<T = string> = {
  readonly kind: "secret";
  /** Never present. Keeps a Secret<Buffer> from passing as a Secret<string>. */
  readonly phantom?: T;
};

/** Wraps a value; only {@link reveal} gives it back. A copy of the wrapper (spread, structuredClone) holds nothing. */
export function secret<T = string>(value: T): Secret<T> {
  // The value lives outside the object, so that no inspection, debugger printout or clone can reach it.
  const wrapper = Object.freeze(Object.create(behaviour)) as Secret<T>;
  values.set(wrapper, value);
  return wrapper;
}

/** The value inside. Call it at the moment of use and keep the result in no field. Throws TypeError for a copy. */
export function reveal<T>(wrapper: Secret<T>): T {
  if (!values.has(wrapper)) throw new TypeError("Not a secret, or a copy of one: pass the wrapper itself.");
  return values.get(wrapper) as T; // the type that secret() was given
}

/** Whether a value of unknown origin is a live secret. */
export function isSecret(value: unknown): value is Secret<unknown> {
  return typeof value === "object" && value !== null && values.has(value);
}

const print = () => PRINTED;
const behaviour = Object.freeze(
  Object.create(null, {
    kind: { value: "secret" },
    toString: { value: print },
    toJSON: { value: print },
    [Symbol.toPrimitive]: { value: print }, // before valueOf, in arithmetic and comparison too
    [Symbol.toStringTag]: { value: PRINTED },
    [inspect.custom]: { value: print },
  }),
);
