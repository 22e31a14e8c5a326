import { Field, type FieldProps } from "../../ui/field.tsx";

type Props = Omit<FieldProps, "label" | "onChange" | "value"> & {
  label?: string;
  value: string;
  onChange: (code: string) => void;
};

/** Six digits of an authenticator app. Keyboards show digits, and a phone offers the code by itself. */
export function CodeField({ label = "Code of your authenticator app", onChange, ...rest }: Props) {
  return (
    <Field
      label={label}
      name="code"
      inputMode="numeric"
      autoComplete="one-time-code"
      autoCorrect="off"
      spellCheck={false}
      required
      // A space in the middle, as apps show it, is taken too.
      maxLength={7}
      placeholder="123456"
      {...rest}
      onChange={(event) => onChange(event.target.value)}
      className="[&_input]:max-w-52 [&_input]:font-mono [&_input]:text-[1.125rem] [&_input]:tracking-[0.22em] [&_input]:placeholder:opacity-45"
    />
  );
}

/** The digits alone. */
export function digitsOf(code: string): string {
  return code.replaceAll(/\s/g, "");
}
