-- The label of the token that was approved with: after a restart it says which one is awaited.
ALTER TABLE approvals ADD COLUMN token TEXT;
