{#
    Which design a building follows: by its own number, else by its campus, else by its operator. A classification that
    somebody chose, no knowledge about the world, so it has no known_from.
#}
with source as (

    select *
    from read_csv(
        '{{ env_var("GIGAWATCH_REPO") }}/models/assumptions/mappings/design_families.csv',
        header = true,
        delim = ',',
        quote = '"',
        all_varchar = true
    )

)

select
    {{ field('operator', 'varchar') }},
    {{ field('campus_id', 'varchar') }},
    {{ field('design_family', 'varchar') }},
    {{ field('first_building_number', 'bigint') }},
    {{ field('last_building_number', 'bigint') }}
from source
