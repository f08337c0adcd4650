{#
    How rents are set against costs: which kind of owner a seller is (any seller not named is an emerging neocloud), and
    which accelerator an index or a marketplace means that names no form. A classification of the house, no knowledge
    about the world, so it has no known_from.
#}
with source as (

    select *
    from read_csv(
        '{{ env_var("GIGAWATCH_REPO") }}/models/assumptions/mappings/rental_market.csv',
        header = true,
        delim = ',',
        quote = '"',
        all_varchar = true
    )

)

select
    {{ field('kind', 'varchar') }},
    {{ field('name', 'varchar') }},
    {{ field('maps_to', 'varchar') }}
from source
