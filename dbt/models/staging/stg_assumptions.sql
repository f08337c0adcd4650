with source as (

    select *
    from read_csv(
        '{{ env_var("GIGAWATCH_REPO") }}/models/assumptions/*.csv',
        header = true,
        delim = ',',
        quote = '"',
        all_varchar = true,
        union_by_name = true
    )

),

renamed as (

    select
        -- ids
        {{ field('engine', 'varchar') }},
        {{ field('subject', 'varchar') }},
        {{ field('parameter', 'varchar') }},

        -- text
        {{ field('unit', 'varchar') }},
        {{ field('distribution', 'varchar') }},
        {{ field('source_url', 'varchar') }},
        {{ field('note', 'varchar') }},

        -- numerics
        {{ field('value', 'double') }},
        {{ field('low', 'double') }},
        {{ field('high', 'double') }},
        {{ field('price_year', 'integer') }},

        -- dates: no known_from marks a method choice, which is no knowledge about the world
        {{ field('known_from', 'date') }}

    from source

),

-- rank(), not row_number(): two rows for one key and date are a mistake that the key test must see.
valid_at_as_of as (

    select *
    from renamed
    where known_from is null or {{ known_by_as_of() }}
    qualify rank() over (
        partition by engine, subject, parameter
        order by known_from desc nulls last
    ) = 1

)

select * from valid_at_as_of
