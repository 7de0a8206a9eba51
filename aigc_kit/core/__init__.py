"""What everything stands on: errors, units, paths, records, statistics."""
