"""The contract with the world: topics, records, keys, schema ids, and the way in and out of bytes.

Reading order: `manifest` (the topics as data), `record_keys` (keys and routes), `partitions` (murmur2), `schema_files`
(the `.avsc` files), `schema_ids` (lock file or registry), `codec` (values to bytes and back, over `generated_codec` and
`wire`; `older_versions` for other schema versions), `json_form`, `headers`, `cluster_records` (records of the cluster
itself), `evolution` (is a change compatible), `topics` and `cluster_facts` (a real cluster against the manifest),
`reading`, `following`, `topics_now`, `sending` and `groups` (a cluster seen from outside of a worker).

Imports domain, confluent_kafka and fastavro. Must never: decide anything of the business, keep state of a partition.
"""
