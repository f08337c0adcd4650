with sites as (

    select * from {{ ref('stg_epoch_data_centers__sites') }}

),

parties as (

    {{ epoch_parties('sites', ['vintage_date', 'campus_id', 'site_name', 'is_latest', 'known_from'], {
        'owner': 'owner_text',
        'user': 'user_text',
        'project': 'project_text',
        'investor': 'investor_text',
        'construction_company': 'construction_company_text',
        'energy_company': 'energy_company_text',
    }) }}

)

select
    campus_id,
    site_name,
    role,
    party_position,
    party_name,
    stated_confidence,
    is_latest,
    vintage_date,
    known_from
from parties
