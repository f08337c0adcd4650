with chips as (

    select * from {{ ref('stg_epoch_data_centers__chip_quantities') }}

),

parties as (

    {{ epoch_parties(
        'chips',
        ['vintage_date', 'campus_id', 'site_name', 'chip_type', 'observed_date', 'is_latest', 'known_from'],
        {'owner': 'owner_text', 'user': 'user_text'}
    ) }}

)

select
    campus_id,
    site_name,
    chip_type,
    role,
    party_position,
    party_name,
    stated_confidence,
    is_latest,
    observed_date,
    vintage_date,
    known_from
from parties
