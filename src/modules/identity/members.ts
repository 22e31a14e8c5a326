import type { TenantKeys } from "../../kernel/crypto/tenant-keys.ts";

// Where members' sealed fields belong.
export const nameCell = (memberId: string) => ({ table: "member", column: "name", row: memberId });
export const addressCell = (memberId: string) => ({ table: "member", column: "address", row: memberId });
export const passwordCell = (memberId: string) => ({ table: "member", column: "password", row: memberId });
export const tenantNameCell = (tenantId: string) => ({ table: "tenant", column: "name", row: tenantId });
// The operator's own record of whom they made a workspace for.
export const customerNameCell = (id: string) => ({ table: "operator_tenant", column: "name", row: id });
export const customerAddressCell = (id: string) => ({
  table: "operator_tenant",
  column: "owner_address",
  row: id,
});

export function openName(keys: TenantKeys, row: { member_id: string; name: Buffer }): string {
  return keys.openText(nameCell(row.member_id), row.name);
}

export function openAddress(keys: TenantKeys, row: { member_id: string; address: Buffer }): string {
  return keys.openText(addressCell(row.member_id), row.address);
}
