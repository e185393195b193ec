"""Who is signed in: OpenID Connect, SMART on FHIR, roles."""
