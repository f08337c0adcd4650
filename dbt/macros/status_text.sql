{#
    What a status text of a site timeline says about which building, by rules. Such a text is a few English sentences,
    e.g. `Buildings 17-18 fully roofed but cooling still being installed.` The rules look at one clause at a time, so a
    word about one building is not read as one about another.

    Ladder: announced 1, permitted 2, land_cleared 3, foundation 4, structural 5, roofed 6, cooling_installed 7,
    energised 8, operational 9, ramped 10. A clause gives the furthest stage that it shows and the earliest that it denies.
#}

{# The numbers a clause speaks of: its own, or those of the clause before where it only goes on with `but`, `while` or `with`. #}
{% macro status_inherited_numbers() -%}
    case
        when building_numbers = '' and regexp_matches(clause, '(?i)^(with|while|but|whereas|although|though|however)\b')
            then coalesce(lag(building_numbers) over (
                partition by campus_id, vintage_date, observed_date order by clause_number
            ), '')
        else building_numbers
    end
{%- endmacro %}

{# The stages of the ladder, in order, as a table called `name`. #}
{% macro stage_ladder(name='ladder') -%}
    (values
        ('announced', 1), ('permitted', 2), ('land_cleared', 3), ('foundation', 4), ('structural', 5), ('roofed', 6),
        ('cooling_installed', 7), ('energised', 8), ('operational', 9), ('ramped', 10)
    ) as {{ name }} (stage, stage_number)
{%- endmacro %}

{#
    A list of clauses: sentences, cut again where a new subject begins. Before that go links, numbers that count something
    else than buildings (those of buildings are marked with # meanwhile) (a percentage says that a thing is not whole), asides, and buildings named to say where or like
    what: the sentence is not about them.
#}
{% macro status_clauses(text) -%}
    {%- set rules = [
        ("\\bhttps?://\\S+", " "),
        ("(?i)\\b\\d[\\d.,]*\\s*%", " partly "),
        ("(?i)\\b\\d[\\d.,]*\\s*([MGk]W|acres|months?|years?|weeks?|days?|sq)\\b", " "),
        ("#", " "),
        ("(?i)\\b(buildings?) (\\d)", "\\1 #\\2"),
        ("(?i)(#\\d[\\d\\-]*,? (and|&) )(\\d)", "\\1#\\3"),
        ("(?i)(^|[^#\\w.,\\-])\\d([\\d.,]*\\d)?\\s+((\\w+ ){0,2}(chillers?|fans?|towers?|turbines?|generators?|coolers?|units))\\b", "\\1\\3"),
        ("#", ""),
        ("\\((AKA |also |[A-Z]{2,}\\d|the |QTS|Vantage)[^)]*\\)", " "),
        ("(?i)\\b(Google|Meta|Microsoft|Stargate|QTS|Oracle|Amazon|AWS) ([A-Z]\\w+ ){1,3}Buildings? \\d[\\d,\\- ]*(and \\d+)?", " another site "),
        ("(?i)\\b(north|south|east|west|right|left|next|adjacent|similar|compared|comparable|behind|after|than|where|took|like|state|twice|ahead|later|earlier|pace|lag|front|back) (side )?(of|to|from|as|than|for|with)? ?(the )?Buildings? \\d[\\d\\-]*(((, ?\\d[\\d\\-]*)*,? and (Building )?\\d[\\d\\-]*)?)('s)?", "\\1 elsewhere"),
        ("([.;!?])\\s+([A-Z\"''(])", "\\1\n\\2"),
        ("(?i),?\\s+(while|but|whereas|although|though|however)\\s+", "\n\\1 "),
        ("(?i),\\s+(and|with)\\s+((the )?(roofs?|shells?|foundations?|outlines?)?\\s?(of |for |on )?(building|another|work|construction|land))", "\n\\2"),
        ("(?i),\\s+(building)", "\n\\1"),
        ("(?i),\\s+with\\s+", "\nwith "),
    ] -%}
    {%- set ns = namespace(sql=text) -%}
    {%- for pattern, by in rules -%}
        {%- set ns.sql = "regexp_replace(" ~ ns.sql ~ ", '" ~ pattern | replace("'s", "''s") ~ "', '" ~ by ~ "', 'g')" -%}
    {%- endfor -%}
    string_split({{ ns.sql }}, chr(10))
{%- endmacro %}

{# The building numbers a clause names, as the text that names them: `1-7`, `10,11,12`; `all` for all buildings; '' for none. #}
{% macro status_building_numbers(clause) -%}
    case
        when regexp_matches({{ clause }}, '(?i)\bbuildings?\s+#?\d{1,2}\b')
            then regexp_replace(
                regexp_replace(
                    regexp_replace(
                        array_to_string(
                            regexp_extract_all(
                                {{ clause }},
                                '(?i)\bbuildings?\s+#?(\d{1,2}\b(\s*(-|–|to|through)\s*\d{1,2}\b)?((\s*,\s*(buildings?\s+)?\d{1,2}\b(\s*(-|–)\s*\d{1,2}\b)?)*\s*,?\s*(and|&)\s+(buildings?\s+)?\d{1,2}\b(\s*(-|–|to|through)\s*\d{1,2}\b)?)?)',
                                1
                            ),
                            ','
                        ),
                        '(?i)\s*(–|\bto\b|\bthrough\b)\s*', '-', 'g'
                    ),
                    '(?i)\s*(,\s*and\b|\band\b|&|,)\s*(buildings?\s+)?', ',', 'g'
                ),
                '\s+', '', 'g'
            )
        when regexp_matches({{ clause }}, '(?i)\bboth\s+(of\s+the\s+)?(data cent\w+|buildings)') then '1-2'
        when regexp_matches({{ clause }}, '(?i)\ball\s+(of\s+the\s+)?(\w+\s+)?(AI\s+)?buildings') then 'all'
        when regexp_matches({{ clause }}, '(?i)\b(the\s+)?first\s+(\w+\s+)?building\b') then '1'
        when regexp_matches({{ clause }}, '(?i)\bsecond\s+(\w+\s+)?building\b') then '2'
        when regexp_matches({{ clause }}, '(?i)\bthird\s+(\w+\s+)?building\b') then '3'
        else ''
    end
{%- endmacro %}

{#
    Columns of readings, true or false each, for a relation of clauses with the text in `clause`; the next macro makes
    stages of them. Split in two so that each rule stands on a line of its own.
#}
{% macro status_readings(relation) -%}
    {%- set equipment = "(chillers?|cooling|coolers?|condensers?|generators?|rooftop units|mechanical (equipment|units|rows)|hvac)" -%}
    {%- set deny = "(\\bnot\\b|n['’]t\\b|\\bno\\b|\\bnor\\b|unlikely|\\bnever\\b|\\bnone\\b|\\bwithout\\b|\\black(s|ing)?\\b|\\bmissing\\b|\\babsen\\w+)" -%}
    {%- set future = "(\\bwill\\b|\\bwould\\b|\\bshould\\b|\\bcould\\b|\\bmay\\b|\\bmight\\b|\\bexpect\\w*|\\bscheduled?\\b|\\bplann?\\w*|\\bproject(ed|s|ion)\\b|\\buntil\\b|\\bbefore\\b|\\bto be\\b|\\bto become\\b|\\bto go\\b|\\btarget\\w*|\\bslated\\b|\\bdue\\b|\\bonce\\b|\\bwhen\\b|\\bnearing\\b|\\bclose to\\b|\\bon track\\b|\\baway from\\b|\\bif\\b|\\bready for\\b)" -%}
    {%- set running = "(\\boperational\\b|\\bonline\\b|\\bin service\\b|\\bin production\\b|\\boperating\\b|\\bin operation\\b)" -%}
    {%- set partial = "(\\bstill\\b|\\bbeing\\b|almost|nearly|\\bmost\\b|mostly|\\bhalf|midway|partial|partly|\\bsome\\b|\\bseveral\\b|\\ba few\\b|under ?way\\b|under construction|in progress|\\bbeg[aiu]n|\\bstart|continu|ongoing|\\bnot\\b|n['’]t\\b|incomplete|unfinished|remain|close to|advanced stage|finali[sz]ing|finishing|\\d/\\d|awaiting|lining|loaded|\\binstalling\\b|\\binstallation\\b|getting|progress|delivered|nearing|\\bmore than\\b|\\bless\\b|\\bpart of\\b|has started|as well as can be|\\bonly\\b)" -%}
    {%- set done = "(install(ed|s)\\b|in place|complete\\w*|finished|equipped|\\bdone\\b|\\bpresent\\b|constructed|\\bbuilt\\b|fitted)" -%}
    {%- set looks_done = "(look|looks|looking|appear|appears|is|are|seem|seems|been|has|have|were|was|nearly|all)( to be| to have| been)?( now| also| externally| visibly| fully| structurally| clearly)*( \\w+ly)? ?(complete|completed|finished)\\b" -%}
    select
        *,
        -- A clause that only gives reasons for a date says nothing about the state on it.
        regexp_matches(words, '^\s*(based on|this (is|estimate|date)( an?)?( \w+)? (estimat\w*|based)|our reasoning|assum\w+|we (add|assume|expect|estimate)|previous building|extrapolat|in the original)')
            as gives_reasons,
        -- Running: said of the building as a whole, neither denied nor to come.
        regexp_matches(words, '{{ running | replace("'", "''") }}') as names_running,
        regexp_matches(words, '{{ (deny ~ "[^,;]{0,70}" ~ running) | replace("'", "''") }}')
        or regexp_matches(words, '{{ (running ~ "[^,;]{0,25}\\b(yet to|not yet)\\b") | replace("'", "''") }}') as denies_running,
        regexp_matches(words, '{{ (future ~ "[^,;]{0,60}" ~ running) | replace("'", "''") }}')
        or regexp_matches(words, '\boperational (date|by|in (early|late|mid|q\d|\d))') as expects_running,
        -- Something at the building runs, not the building.
        regexp_matches(words, '(cooling units?|fans?|chillers?|condensers|coolers|turbines?|towers?|plants?|capacity|equipment|substations?|array)\b[^,;]{0,30}\b(operating|operational|online|in service)') as runs_equipment_only,
        regexp_matches(words, '\benergi[sz]ed\b') as names_energised,
        regexp_matches(words, '{{ ("(" ~ deny ~ "|" ~ future ~ ")[^,;]{0,60}\\benergi[sz]ed") | replace("'", "''") }}') as denies_energised,
        -- Cooling plant and generators.
        regexp_matches(words, '\b{{ equipment }}\b') as names_equipment,
        regexp_matches(words, '{{ (deny ~ "( \\w+){0,4} " ~ equipment) | replace("'", "''") }}')
        or regexp_matches(words, '{{ ("\\b" ~ equipment ~ "[^,;]{0,25}\\b(not yet|missing|absent)") | replace("'", "''") }}') as denies_equipment,
        regexp_matches(words, '{{ done }}') as names_done,
        regexp_matches(words, '{{ partial | replace("'", "''") }}') as names_partial,
        (
            regexp_matches(words, '{{ looks_done }}')
        or regexp_matches(words, 'externally (complete|finished)|construction (is |looks |appears )?(complete|finished)|completed construction')
        )
        and not regexp_matches(words, '(substations?|turbines?|car ?parks?|parking|roads?|power plant|landscap\w+|facility|site)[^,;]{0,20}(complete|finished)')
            as names_whole_done,
        -- Roof and shell.
        regexp_matches(words, '\broof\w*') as names_roof,
        regexp_matches(words, '\b(shells?|structures?|structural(ly)?|envelope|exterior)\b') as names_shell,
        regexp_matches(words, 'fully roofed|roofs?\b[^,;]{0,30}\b(complete\w*|finished|done|in place)|roofing\b[^,;]{0,20}\b(complete\w*|finished|done)|(complete|completed|finished) roofs?|\broofed\b')
        and not regexp_matches(words, '(almost|nearly|partially|partly|mostly|half\w*|being|not( yet)? (fully|completely)?)[\s-]+(\w+\s+)?(roofed|complete\w*|finished|done)|roof\w*[^,;]{0,40}(almost|nearly|mostly|half|partly|partially|progress|underway|under way|started|begun|not |still|ongoing|under construction|isn)')
            as shows_roof_done,
        regexp_matches(words, '(shells?|structures?|exterior|envelope)\b[^,;]{0,30}\b(complete\w*|finished|done)|structurally (complete|finished)|(complete|completed|finished) (building )?(shells?|structures?|exterior)')
        and not regexp_matches(words, '(almost|nearly|mostly|partial\w*|partly|closer to|close to|not|half\w*)[^,;]{0,15}(complet\w*|finished)') as shows_shell_done,
        -- Frame, ground works, start.
        regexp_matches(words, '\b(steel|fram(e|es|ed|ing)|shells?|walls?|skeletons?|tilt-?up|precast|columns|superstructure|roof\w*|structure|structural(ly)?)\b') as names_frame,
        regexp_matches(words, '{{ (deny ~ "( \\w+){0,3} (steel|fram\\w+|shells?|structures?|roof\\w*)") | replace("'", "''") }}') as denies_frame,
        regexp_matches(words, '\b(foundations?|concrete|slabs?|footings?)\b|under construction|construction (is |still |work )?(under ?way|visible|in progress|continues|ongoing)|(active|ongoing|still|undergoing|light)( \w+)? construction|construction (activity|work|zone|site)')
            as names_foundation,
        regexp_matches(words, '{{ (deny ~ "( \\w+){0,3} (foundations?|concrete|slabs?)") | replace("'", "''") }}') as denies_foundation,
        regexp_matches(words, 'land[- ]?clear|\bclear(ed|ing)\b|site (prep\w*|work|clearing)|earthwork|\bgrading\b|\bgraded\b|ground ?br[eo]a?k|br[eo]a?k\w* ground|ground (was |has been )?broken|excavat|demoli|outlines?\b|\blayout\b|yard work|construction\b[^,;]{0,25}\b(start|beg[aiu]n|commence)|start(s|ed|ing)? (of )?construction|(begins?|began|beginning|commenc\w+) (\w+ )?construction|conversion (starts?|begins?|work)|fit-?out begins?|civil works|groundwork|retrofit')
            as names_start,
        regexp_matches(words, 'land[- ]?clear|\bclear(ed|ing)\b|site (prep\w*|clearing)|earthwork|\bgrading\b|\bgraded\b|excavat|ground ?br[eo]a?k|br[eo]a?k\w* ground')
            as names_ground_only,
        regexp_matches(words, '\b(foundations?|slabs?|footings?)\b') as names_foundation_only,
        regexp_matches(words, '{{ (deny ~ "( \\w+){0,3} (start(ed)?|begun|began|construction|develop\\w+)\\b") | replace("'", "''") }}')
        and not regexp_matches(words, 'no (more|further|new|active|obvious|visible signs)[^,;]{0,30}construction|no longer') as denies_start,
        regexp_matches(words, 'permits?\b[^,;]{0,30}\b(issued|granted|approved)|\bapproved\b|\bapproval\b') as names_permit,
        regexp_matches(words, '\bannounc|\bplans? to\b|\bproposed?\b') as names_announcement
    from {{ relation }}
{%- endmacro %}

{# The furthest stage that a clause shows, from its readings; NULL: none. #}
{% macro status_stage_seen() -%}
    case
        when gives_reasons then null
        when names_running and not denies_running and not expects_running and not runs_equipment_only then 9
        when names_energised and not denies_energised then 8
        when names_equipment and not denies_equipment and names_done and not names_partial then 7
        when names_whole_done and not names_partial and not names_shell and not names_roof and not names_equipment then 7
        when (shows_roof_done or shows_shell_done) and not denies_frame then 6
        -- Plant that is going in stands on a finished roof or beside a closed shell, unless the clause says otherwise.
        when names_equipment and not denies_equipment and (names_done or names_partial) and not names_frame then 6
        when names_whole_done and not names_shell and not names_roof and not names_equipment then 6
        when names_frame and not denies_frame then 5
        when names_foundation and not denies_foundation then 4
        when names_start and not denies_start then 3
        when names_permit and not denies_start then 2
        when names_announcement then 1
    end
{%- endmacro %}

{#
    The earliest stage that a clause denies; NULL: none. Who describes a roof going on would have named finished cooling:
    the stage after the shown one is denied too, save where only `construction` is spoken of.
#}
{% macro status_stage_denied() -%}
    case when not gives_reasons then least(
        case when denies_start then 3 end,
        case when denies_foundation then 4 end,
        case when denies_frame then 5 end,
        case when denies_equipment or (names_equipment and names_partial) then 7 end,
        case when denies_energised then 8 end,
        case when denies_running then 9 end,
        case
            when stage_number_seen = 3 and names_ground_only then 4
            when stage_number_seen = 4 and names_foundation_only then 5
            when stage_number_seen in (5, 6) then stage_number_seen + 1
        end
    ) end
{%- endmacro %}

{# What a whole text rests on: satellite, permit, company_statement, press or estimate. #}
{% macro status_evidence_kind(text) -%}
    case
        when regexp_matches({{ text }}, '(?i)estimat|assum|projected|rule of thumb|extrapolat|we expect|we think|based on (how long|all of|construction progress|previous|the pace|our default|(google|amazon|aws|meta|microsoft|openai|building)\b)')
            and not regexp_matches({{ text }}, '(?i)satellite|image|drone|infrared|visible|visibly|cars') then 'estimate'
        when regexp_matches({{ text }}, '(?i)satellite|imag(e|ery|es)\b|drone|infrared|visibl[ey]|\blooks?\b|appears?\b|\bseen\b|\bcars\b|carpark') then 'satellite'
        when regexp_matches({{ text }}, '(?i)permit|TDLR|regulatory filing|environmental (analysis|impact|assessment)|planning (application|approval)') then 'permit'
        when regexp_matches({{ text }}, '(?i)announc|\bstat(ed|es|ing)\b|\bsa(ys|id|ying)\b|press release|investor|\bCEO\b|8-?k\b|disclos|company|confirmed') then 'company_statement'
        when regexp_matches({{ text }}, '(?i)\bnews|article|report|datacenterdynamics|https?://') then 'press'
        when {{ text }} is not null then 'satellite'
    end
{%- endmacro %}

{# The heat rejection that a clause names; NULL: none, or two kinds. #}
{% macro status_cooling_type(clause) -%}
    case
        when (regexp_matches({{ clause }}, '(?i)cooling towers?\b')::integer
            + regexp_matches({{ clause }}, '(?i)\bdry[- ]cool')::integer
            + regexp_matches({{ clause }}, '(?i)\bchillers?\b')::integer) <> 1 then null
        when regexp_matches({{ clause }}, '(?i)cooling towers?\b') then 'cooling_towers'
        when regexp_matches({{ clause }}, '(?i)\bdry[- ]cool') then 'dry_coolers'
        else 'chillers'
    end
{%- endmacro %}

{# What the megawatts of a row rest on; NULL where the text does not say. #}
{% macro status_capacity_kind(text) -%}
    case
        when regexp_matches({{ text }}, '(?i)permit|TDLR|air quality|utility notice|environmental (analysis|impact)|interconnection') then 'permit'
        when regexp_matches({{ text }}, '(?i)\d\s*(MW|GW|megawatt)') and regexp_matches({{ text }}, '(?i)announc|\bstat(ed|es|ing)\b|\bsa(ys|id)\b|press release|investor|\bCEO\b|8-?k\b|lease|contract|disclos|according to') then 'company_statement'
        when regexp_matches({{ text }}, '(?i)\d+ (air-cooled |dry |rooftop |additional )*(chillers|coolers|cooling|fans|towers|condensers)|could support|dry coolers|cooling (capacity|towers)') then 'satellite'
    end
{%- endmacro %}

{#
    Looks at sites, one row per clause, for a relation with campus_id, observed_date, vintage_date and status_text. A
    clause without a stage is kept: somebody looked on that date.
#}
{% macro status_looks(relation) -%}
    select
        campus_id,
        observed_date,
        vintage_date,
        clause_number,
        {{ status_inherited_numbers() }} as building_numbers,
        stage_number_seen,
        {{ status_stage_denied() }} as stage_number_denied,
        {{ status_evidence_kind('status_text') }} as evidence_kind,
        {{ status_capacity_kind('status_text') }} as capacity_evidence_kind,
        {{ status_cooling_type('clause') }} as cooling_type
    from (
        select
            *,
            {{ status_stage_seen() }} as stage_number_seen
        from (
            {{ status_readings("(
                select
                    *,
                    lower(clause) as words,
                    " ~ status_building_numbers('clause') ~ " as building_numbers
                from (
                    select
                        campus_id,
                        observed_date,
                        vintage_date,
                        status_text,
                        unnest(" ~ status_clauses('status_text') ~ ") as clause,
                        unnest(range(1, 1 + len(" ~ status_clauses('status_text') ~ "))) as clause_number
                    from " ~ relation ~ "
                    where status_text is not null
                )
            )") }}
        )
    )
{%- endmacro %}

{# A list of building numbers from a text like `1-7,9`; '' and `all` give none. No campus has more than 99. #}
{% macro building_number_list(numbers) -%}
    list_distinct(flatten(list_transform(
        string_split({{ numbers }}, ','),
        part -> case
            when regexp_full_match(part, '\d{1,2}-\d{1,2}')
                then range(split_part(part, '-', 1)::bigint, split_part(part, '-', 2)::bigint + 1)
            when regexp_full_match(part, '\d{1,2}') then [part::bigint]
            else []::bigint[]
        end
    )))
{%- endmacro %}

{# The id of a building, or of the row that stands for its campus where no number is known. #}
{% macro building_id(campus_id='campus_id', building_number='building_number') -%}
    {{ campus_id }} || coalesce('-b' || format('{:02d}', {{ building_number }}), '-campus')
{%- endmacro %}
