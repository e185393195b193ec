"""Reviews and plans as FHIR R4."""
