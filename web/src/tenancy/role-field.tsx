import type { Role } from "../api/types.ts";
import { SelectField } from "../ui/field.tsx";
import { builtInRoles, useRoles } from "./roles.ts";

/** Chooses among the roles that this person may give: the built-in ones and the workspace's own. */
export function RoleField(props: { value: Role; onChange: (role: Role) => void; first?: boolean }) {
  const { given, meaningOf } = useRoles();
  const order: string[] = builtInRoles;
  const own = given.filter(({ value }) => !order.includes(value));
  const options = (roles: typeof given) =>
    roles.map((role) => (
      <option key={role.value} value={role.value}>
        {role.words}
      </option>
    ));
  return (
    <SelectField
      label="Role"
      value={props.value}
      onChange={(event) => props.onChange(event.target.value)}
      hint={meaningOf(props.value)}
      {...(props.first ? { "data-first": true } : {})}
    >
      {own.length === 0 ? (
        options(given)
      ) : (
        <>
          <optgroup label="Built in">{options(given.filter((role) => !own.includes(role)))}</optgroup>
          <optgroup label="Of this workspace">{options(own)}</optgroup>
        </>
      )}
    </SelectField>
  );
}
