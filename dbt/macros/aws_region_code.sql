{#
    The code of an AWS region from the name its pricing pages print; the name itself where there is none (Local Zones).
    The pages have called the same region by several names.
#}
{% macro aws_region_code(name) -%}
    {%- set codes = {
        'US East (N. Virginia)': 'us-east-1',
        'US East (Northern Virginia)': 'us-east-1',
        'US East (Ohio)': 'us-east-2',
        'US West (N. California)': 'us-west-1',
        'US West (Northern California)': 'us-west-1',
        'US West (Oregon)': 'us-west-2',
        'AWS GovCloud (US-East)': 'us-gov-east-1',
        'AWS GovCloud (US-West)': 'us-gov-west-1',
        'Canada (Central)': 'ca-central-1',
        'Canada West (Calgary)': 'ca-west-1',
        'South America (São Paulo)': 'sa-east-1',
        'South America (Sao Paulo)': 'sa-east-1',
        'Europe (Frankfurt)': 'eu-central-1',
        'Europe (Zurich)': 'eu-central-2',
        'Europe (Stockholm)': 'eu-north-1',
        'Europe (Milan)': 'eu-south-1',
        'Europe (Spain)': 'eu-south-2',
        'Europe (Ireland)': 'eu-west-1',
        'Europe (London)': 'eu-west-2',
        'Europe (Paris)': 'eu-west-3',
        'Asia Pacific (Hong Kong)': 'ap-east-1',
        'Asia Pacific (Tokyo)': 'ap-northeast-1',
        'Asia Pacific (Seoul)': 'ap-northeast-2',
        'Asia Pacific (Osaka)': 'ap-northeast-3',
        'Asia Pacific (Mumbai)': 'ap-south-1',
        'Asia Pacific (Hyderabad)': 'ap-south-2',
        'Asia Pacific (Singapore)': 'ap-southeast-1',
        'Asia Pacific (Sydney)': 'ap-southeast-2',
        'Australia (Sydney)': 'ap-southeast-2',
        'Asia Pacific (Jakarta)': 'ap-southeast-3',
        'Asia Pacific (Melbourne)': 'ap-southeast-4',
        'Australia (Melbourne)': 'ap-southeast-4',
        'Middle East (Bahrain)': 'me-south-1',
        'Middle East (UAE)': 'me-central-1',
        'Israel (Tel Aviv)': 'il-central-1',
        'Africa (Cape Town)': 'af-south-1',
    } -%}
    case {{ name }}
        {% for region, code in codes.items() -%}
            when '{{ region }}' then '{{ code }}'
        {% endfor -%}
        else {{ name }}
    end
{%- endmacro %}
