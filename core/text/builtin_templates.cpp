#include "core/text/builtin_templates.h"

namespace precedent::text {
namespace {

// Without a beginning-of-text token: which one that is, and whether there is one, only a model's tokenizer knows.

constexpr std::string_view kChatml = R"jinja({%- for turn in messages %}
    {%- set role = turn.role if turn.role in ['system', 'assistant'] else 'user' %}
    {{- '<|im_start|>' ~ role ~ '\n' ~ turn.content ~ '<|im_end|>\n' }}
{%- endfor %}
{%- if add_generation_prompt %}
    {{- '<|im_start|>assistant\n' }}
{%- endif %}
)jinja";

constexpr std::string_view kLlama3 = R"jinja({%- for turn in messages %}
    {%- set role = turn.role if turn.role in ['system', 'assistant'] else 'user' %}
    {{- '<|start_header_id|>' ~ role ~ '<|end_header_id|>\n\n' ~ turn.content | trim ~ '<|eot_id|>' }}
{%- endfor %}
{%- if add_generation_prompt %}
    {{- '<|start_header_id|>assistant<|end_header_id|>\n\n' }}
{%- endif %}
)jinja";

// These models know no system turn: its text opens the first request.
constexpr std::string_view kGemma = R"jinja({%- set ns = namespace(opening='') %}
{%- for turn in messages %}
    {%- if turn.role == 'system' %}
        {%- set ns.opening = ns.opening ~ turn.content | trim ~ '\n\n' %}
    {%- else %}
        {{- '<start_of_turn>' ~ ('model' if turn.role == 'assistant' else 'user') ~ '\n' ~ ns.opening ~ turn.content | trim ~ '<end_of_turn>\n' }}
        {%- set ns.opening = '' %}
    {%- endif %}
{%- endfor %}
{%- if add_generation_prompt %}
    {{- '<start_of_turn>model\n' }}
{%- endif %}
)jinja";

constexpr std::string_view kMistral = R"jinja({%- set ns = namespace(opening='') %}
{%- for turn in messages %}
    {%- if turn.role == 'system' %}
        {%- set ns.opening = ns.opening ~ turn.content | trim ~ '\n\n' %}
    {%- elif turn.role == 'assistant' %}
        {{- ' ' ~ turn.content | trim ~ '</s>' }}
    {%- else %}
        {{- '[INST] ' ~ ns.opening ~ turn.content | trim ~ ' [/INST]' }}
        {%- set ns.opening = '' %}
    {%- endif %}
{%- endfor %}
)jinja";

constexpr std::string_view kPlain = R"jinja({%- for turn in messages %}
    {%- if turn.role == 'system' %}
        {{- turn.content ~ '\n\n' }}
    {%- else %}
        {{- ('Assistant: ' if turn.role == 'assistant' else 'User: ') ~ turn.content ~ '\n' }}
    {%- endif %}
{%- endfor %}
{%- if add_generation_prompt %}
    {{- 'Assistant:' }}
{%- endif %}
)jinja";

} // namespace

std::string_view plainJinja() { return kPlain; }

const std::vector<BuiltInTemplate>& builtInTemplates()
{
    static const std::vector<BuiltInTemplate> kAll = {
        {"chatml", kChatml}, {"llama3", kLlama3}, {"gemma", kGemma}, {"mistral", kMistral}, {"inst", kMistral}};
    return kAll;
}

} // namespace precedent::text
