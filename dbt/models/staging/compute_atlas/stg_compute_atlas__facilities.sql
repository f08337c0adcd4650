with raw_facilities as (

    select
        *,
        -- What the publisher says of a facility, as one number: a version begins where it changes.
        hash(*columns('^[A-Za-z]')) as version_hash
    from {{ source('raw', 'compute_atlas__facilities') }}

),

listed as (

    select
        raw_facilities.*,
        vintages.vintage_date,
        vintages.vintage_scope,
        vintages.vintage_kind,
        vintages.url
    from raw_facilities
    inner join ({{ vintages('compute_atlas', 'facilities') }}) as vintages
        on vintages.sha256 = raw_facilities._sha256
        and vintages.part = raw_facilities._part
    -- Of two files of one day the full one counts ('full' sorts before 'partial').
    qualify row_number() over (
        partition by raw_facilities.id, vintages.vintage_date
        order by vintages.vintage_scope
    ) = 1

),

compared as (

    select
        *,
        lag(version_hash) over (partition by id order by vintage_date) as previous_hash,
        max(vintage_date) over (partition by id) as last_listed_date,
        coalesce(max(vintage_date) filter (where vintage_scope = 'full') over (), date '-infinity') as last_full_date
    from listed

),

versions as (

    select
        *,
        lead(vintage_date) over (partition by id order by vintage_date) is null
            and last_listed_date >= last_full_date as is_latest
    from compared
    where version_hash is distinct from previous_hash

),

renamed as (

    select
        -- ids
        id as facility_id,

        -- text
        {{ field('name', 'varchar', 'facility_name') }},
        {{ field('operator', 'varchar') }},
        {{ field('facilityType', 'varchar', 'facility_type') }},
        {{ field('status', 'varchar') }},
        {{ field('confidence', 'varchar') }},
        {{ field('aiClassification', 'varchar', 'ai_classification') }},
        {{ field('location.city', 'varchar', 'city') }},
        {{ field('location.county', 'varchar', 'county') }},
        {{ field('location.state', 'varchar', 'state') }},
        -- The publisher's own default: a coordinate without a word on its precision counts as exact.
        case
            when nullif("location.lat", '') is not null then coalesce(nullif("location.precision", ''), 'exact')
        end as coordinate_precision,
        {{ field('energy.source', 'varchar', 'energy_source') }},
        {{ field('energy.utility', 'varchar', 'utility') }},
        {{ field('poweredBy', 'varchar', 'powered_by') }},
        {{ field('water.coolingType', 'varchar', 'cooling_type') }},
        {{ field('generation.technology', 'varchar', 'generation_technology') }},
        {{ field('generation.offtaker', 'varchar', 'generation_offtaker') }},
        {{ field('generation.poweredFacilityIds', 'varchar', 'powered_facility_ids') }},
        {{ field('announcedDate', 'varchar', 'announced_date') }},
        {{ field('lastUpdated', 'varchar', 'last_updated_date') }},
        {{ field('notes', 'varchar', 'note') }},
        json_extract_string(sources, '$[0].url') as source_url,
        url as file_url,
        vintage_kind,

        -- numerics: IT megawatts, facility megawatts and campus ceilings are mixed by the publisher
        {{ field('location.lat', 'double', 'latitude') }},
        {{ field('location.lon', 'double', 'longitude') }},
        {{ field('capacityMw.planned', 'double', 'planned_unspecified_capacity_mw') }},
        {{ field('capacityMw.operational', 'double', 'operational_unspecified_capacity_mw') }},
        {{ field('energy.onSiteGenerationMw', 'double', 'on_site_generation_mw') }},
        {{ field('water.reportedMgd', 'double', 'water_use_mgd') }},
        {{ field('environmental.pue', 'double', 'pue') }},
        {{ field('investmentUsd', 'double', 'investment_usd') }},
        {{ field('landAcres', 'double', 'land_area_acres') }},
        {{ field('jobs.construction', 'double', 'n_construction_jobs') }},
        {{ field('jobs.permanent', 'double', 'n_permanent_jobs') }},
        json_array_length(sources)::bigint as n_sources,

        -- booleans
        is_latest,

        -- dates
        last_listed_date,
        vintage_date as known_from

    from versions

)

select * from renamed
