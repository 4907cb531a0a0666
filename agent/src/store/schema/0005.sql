-- Files that a scenario writes for itself: they go with the job, also where its documents are kept.
ALTER TABLE job_blobs ADD COLUMN is_work INTEGER NOT NULL DEFAULT 0 CHECK (is_work IN (0, 1));
