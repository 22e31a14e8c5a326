-- Where the log of a workspace begins that was written here: what came along before is the old installation's word.
create index audit_imported on audit.entry (tenant_id, entry_id) where event = 'tenant.imported';
