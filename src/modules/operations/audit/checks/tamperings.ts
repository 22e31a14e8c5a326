/** One way in which a superuser can change a workspace's log. $1 is the workspace, $2 an entry in the middle of its log. */
export interface Tampering {
  readonly what: string;
  readonly sql: string;
  /** Takes it back; `kept` is the entry as it was. */
  readonly undo: string;
  /** What the separate program must say of the log. */
  readonly says: RegExp;
}

const CHOSEN = "where tenant_id = $1 and entry_id = $2";
const PUT_BACK = "insert into audit.entry select * from kept where tenant_id = $1 and entry_id = $2";
const FORGED = "'00000000-0000-4000-8000-00000000f0f0'::uuid";

const changed = (what: string, set: string, undo: string, says = /not in the signed tree/): Tampering => ({
  what,
  sql: `update audit.entry set ${set} ${CHOSEN}`,
  undo: `update audit.entry e set ${undo} from kept where e.tenant_id = $1 and e.entry_id = $2`,
  says,
});

// Twice the same is none.
const SWAP = `update audit.place p set leaf_index = q.leaf_index from audit.place q
  where p.tenant_id = $1 and q.tenant_id = $1 and p.number in (2, 3) and q.number = 5 - p.number and $2::uuid is not null`;

export const tamperings: readonly Tampering[] = [
  changed("another event", "event = 'other.thing'", "event = kept.event"),
  changed("another actor", "actor_id = gen_random_uuid()", "actor_id = kept.actor_id"),
  changed("another role", "role = 'nobody'", "role = kept.role"),
  changed("a later time", "at = at + interval '1 ms'", "at = kept.at"),
  changed("another record", "resource_id = gen_random_uuid()", "resource_id = kept.resource_id"),
  changed(
    "another outcome",
    "outcome = case outcome when 'done' then 'refused' else 'done' end",
    "outcome = kept.outcome",
  ),
  changed("other content", "content = content || '\\x00'", "content = kept.content", /content was changed/),
  changed(
    "other content with a hash that fits",
    "content = null, commitment = sha256('')",
    "content = kept.content, commitment = kept.commitment",
  ),
  {
    what: "a deleted entry",
    sql: `delete from audit.entry ${CHOSEN}`,
    undo: PUT_BACK,
    says: /an entry is missing/,
  },
  {
    what: "an entry that was put in",
    sql: `insert into audit.entry select tenant_id, ${FORGED}, at, actor_kind, actor_id, role, event, resource_type, resource_id,
            outcome, content, key_id, commitment from audit.entry ${CHOSEN}`,
    undo: `delete from audit.entry where tenant_id = $1 and entry_id = ${FORGED} and $2::uuid is not null`,
    says: /missing, doubled or out of order/,
  },
  { what: "two entries in each other's place", sql: SWAP, undo: SWAP, says: /not in the signed tree/ },
];
