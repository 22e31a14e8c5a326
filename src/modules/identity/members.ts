import type { TenantKeys } from "../../kernel/crypto/tenant-keys.ts";

// Where members' sealed fields belong.
export const nameCell = (memberId: string) => ({ table: "member", column: "name", row: memberId });
export const addressCell = (memberId: string) => ({ table: "member", column: "address", row: memberId });
export const passwordCell = (memberId: string) => ({ table: "member", column: "password", row: memberId });
export const tenantNameCell = (tenantId: string) => ({ table: "tenant", column: "name", row: tenantId });

export function openName(keys: TenantKeys, row: { member_id: string; name: Buffer }): string {
  return keys.openText(nameCell(row.member_id), row.name);
}

export function openAddress(keys: TenantKeys, row: { member_id: string; address: Buffer }): string {
  return keys.openText(addressCell(row.member_id), row.address);
}
