"""The figures of a year: what each means, which small cells stay empty, what stands in the report that is frozen."""
