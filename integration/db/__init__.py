"""The database: tables, queries, sessions and migrations; the only place that speaks SQL."""
