"""A population that never was, as tables of OMOP: people, what they have, what they take, what is measured, and what real tables get wrong."""
