"""The tables of OMOP's Common Data Model 5.4 that relaxant writes, column by column as its data definition has them.

Source: OHDSI/CommonDataModel, inst/ddl/5.4/duckdb (``numeric`` is a double here, ``timestamp`` is in microseconds and without a zone).
"""

from __future__ import annotations

import pyarrow as pa

_TYPES = {
    "int": pa.int32(),
    "num": pa.float64(),
    "day": pa.date32(),
    "time": pa.timestamp("us"),
    "text": pa.string(),
}


def _table(required: str, columns: str) -> pa.Schema:
    """A schema of ``name:type`` words; those also in ``required`` cannot be null."""
    never = set(required.split())
    pairs = (word.split(":") for word in columns.split())
    return pa.schema([pa.field(name, _TYPES[kind], nullable=name not in never) for name, kind in pairs])


TABLES: dict[str, pa.Schema] = {
    "person": _table(
        "person_id gender_concept_id year_of_birth race_concept_id ethnicity_concept_id",
        """person_id:int gender_concept_id:int year_of_birth:int month_of_birth:int day_of_birth:int birth_datetime:time race_concept_id:int
        ethnicity_concept_id:int location_id:int provider_id:int care_site_id:int person_source_value:text gender_source_value:text
        gender_source_concept_id:int race_source_value:text race_source_concept_id:int ethnicity_source_value:text
        ethnicity_source_concept_id:int""",
    ),
    "observation_period": _table(
        "observation_period_id person_id observation_period_start_date observation_period_end_date period_type_concept_id",
        """observation_period_id:int person_id:int observation_period_start_date:day observation_period_end_date:day
        period_type_concept_id:int""",
    ),
    "death": _table(
        "person_id death_date",
        """person_id:int death_date:day death_datetime:time death_type_concept_id:int cause_concept_id:int cause_source_value:text
        cause_source_concept_id:int""",
    ),
    "drug_exposure": _table(
        "drug_exposure_id person_id drug_concept_id drug_exposure_start_date drug_exposure_end_date drug_type_concept_id",
        """drug_exposure_id:int person_id:int drug_concept_id:int drug_exposure_start_date:day drug_exposure_start_datetime:time
        drug_exposure_end_date:day drug_exposure_end_datetime:time verbatim_end_date:day drug_type_concept_id:int stop_reason:text
        refills:int quantity:num days_supply:int sig:text route_concept_id:int lot_number:text provider_id:int visit_occurrence_id:int
        visit_detail_id:int drug_source_value:text drug_source_concept_id:int route_source_value:text dose_unit_source_value:text""",
    ),
    "condition_occurrence": _table(
        "condition_occurrence_id person_id condition_concept_id condition_start_date condition_type_concept_id",
        """condition_occurrence_id:int person_id:int condition_concept_id:int condition_start_date:day condition_start_datetime:time
        condition_end_date:day condition_end_datetime:time condition_type_concept_id:int condition_status_concept_id:int stop_reason:text
        provider_id:int visit_occurrence_id:int visit_detail_id:int condition_source_value:text condition_source_concept_id:int
        condition_status_source_value:text""",
    ),
    "measurement": _table(
        "measurement_id person_id measurement_concept_id measurement_date measurement_type_concept_id",
        """measurement_id:int person_id:int measurement_concept_id:int measurement_date:day measurement_datetime:time measurement_time:text
        measurement_type_concept_id:int operator_concept_id:int value_as_number:num value_as_concept_id:int unit_concept_id:int
        range_low:num range_high:num provider_id:int visit_occurrence_id:int visit_detail_id:int measurement_source_value:text
        measurement_source_concept_id:int unit_source_value:text unit_source_concept_id:int value_source_value:text
        measurement_event_id:int meas_event_field_concept_id:int""",
    ),
    "observation": _table(
        "observation_id person_id observation_concept_id observation_date observation_type_concept_id",
        """observation_id:int person_id:int observation_concept_id:int observation_date:day observation_datetime:time
        observation_type_concept_id:int value_as_number:num value_as_string:text value_as_concept_id:int qualifier_concept_id:int
        unit_concept_id:int provider_id:int visit_occurrence_id:int visit_detail_id:int observation_source_value:text
        observation_source_concept_id:int unit_source_value:text qualifier_source_value:text value_source_value:text
        observation_event_id:int obs_event_field_concept_id:int""",
    ),
    "concept": _table(
        "concept_id concept_name domain_id vocabulary_id concept_class_id concept_code valid_start_date valid_end_date",
        """concept_id:int concept_name:text domain_id:text vocabulary_id:text concept_class_id:text standard_concept:text concept_code:text
        valid_start_date:day valid_end_date:day invalid_reason:text""",
    ),
    "drug_strength": _table(
        "drug_concept_id ingredient_concept_id valid_start_date valid_end_date",
        """drug_concept_id:int ingredient_concept_id:int amount_value:num amount_unit_concept_id:int numerator_value:num
        numerator_unit_concept_id:int denominator_value:num denominator_unit_concept_id:int box_size:int valid_start_date:day
        valid_end_date:day invalid_reason:text""",
    ),
    "cdm_source": _table(
        "cdm_source_name cdm_source_abbreviation cdm_holder source_release_date cdm_release_date cdm_version_concept_id vocabulary_version",
        """cdm_source_name:text cdm_source_abbreviation:text cdm_holder:text source_description:text source_documentation_reference:text
        cdm_etl_reference:text source_release_date:day cdm_release_date:day cdm_version:text cdm_version_concept_id:int
        vocabulary_version:text""",
    ),
}
