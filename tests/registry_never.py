NEVER: dict[str, tuple[str, ...]] = {}
