{# The tier of a rental price. Tiers are different goods: nothing is averaged over them. #}
{% macro price_tier() -%}
    case
        -- first: a block price that is carried forward is an estimate, of a block
        when purchase_model = 'capacity_block' then 'capacity_block'
        when price_basis = 'estimate' or purchase_model = 'contract_estimate' then 'estimate'
        when purchase_model = 'on_demand' then 'list'
        when purchase_model = 'spot' then 'spot'
        when purchase_model like 'reserved\_%' escape '\' then 'reserved'
        when purchase_model = 'market_index' then 'index'
        when purchase_model = 'flex_start' then 'flex_start'
        else 'marketplace'
    end
{%- endmacro %}
