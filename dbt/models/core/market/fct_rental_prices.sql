select
    claims.provider,
    claims.region,
    claims.availability_zone,
    claims.instance_type,
    claims.accelerator_label,
    claims.accelerator_id,
    claims.accelerator_count,
    claims.purchase_model,
    claims.price_date,
    claims.price_usd_per_hour,
    claims.price_usd_per_accelerator_hour,
    claims.price_basis,
    case
        when claims.price_basis in ('list', 'derived_from_list') then 'disclosed'
        when claims.price_basis = 'estimate' then 'estimated'
        else 'reported'
    end as value_kind,
    claims.quality_flag,
    catalogue.is_redistributable,
    claims.source,
    claims.source_url,
    claims.publisher,
    claims.basis_class,
    claims.root_id,
    claims.known_from
from {{ ref('int_rental_prices__claims') }} as claims
inner join {{ ref('stg_ingest__sources') }} as catalogue
    on catalogue.source = claims.source
    and catalogue.resource = claims.resource
where claims.claim_rank = 1
