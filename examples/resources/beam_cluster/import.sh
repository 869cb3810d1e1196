# A cluster is imported by its name.
terraform import beam_cluster.chat chat
