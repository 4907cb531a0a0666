-- The approval that stands for a request is looked for with each request, and whether an approval has items left with each signature.
CREATE INDEX approvals_of_request ON approvals (request_key);
CREATE INDEX approval_items_left ON approval_items (approval) WHERE state <> 'signed';
