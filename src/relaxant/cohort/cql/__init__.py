"""Rules of the knowledge in Clinical Quality Language (CQL), for engines that are not ours."""
