#include "core/text/jinja/template.h"

#include "core/text/jinja/evaluator.h"
#include "core/text/jinja/parser.h"

namespace precedent::text::jinja {
namespace {

constexpr std::size_t kLargestSource = std::size_t{1} << 20;

Error errorOf(const Fault& fault)
{
    const std::string where = "chat template, line " + std::to_string(fault.line) + ": ";
    if (fault.raised)
        return {fault.code, where + "the template refuses this conversation: " + fault.message,
            "Change the conversation, or choose a built-in template."};
    return {fault.code, where + fault.message + ".", "Correct the template, or choose a built-in one."};
}

Value valueOf(Runtime& runtime, const Json& json)
{
    const Runtime::Level level(runtime);
    switch (json.type()) {
    case Json::value_t::string:
        return runtime.text(json.get_ref<const std::string&>());
    case Json::value_t::boolean:
        return json.get<bool>();
    case Json::value_t::number_float:
        return json.get<double>();
    case Json::value_t::number_integer:
        return json.get<std::int64_t>();
    case Json::value_t::number_unsigned:
        if (json.get<std::uint64_t>() > static_cast<std::uint64_t>(INT64_MAX))
            runtime.fail("a whole number is larger than 64 bits hold", ErrorCode::unsupported);
        return json.get<std::int64_t>();
    case Json::value_t::array: {
        std::vector<Value> items;
        for (const Json& item : json)
            items.push_back(valueOf(runtime, item));
        return runtime.list(std::move(items));
    }
    case Json::value_t::object: {
        std::vector<std::pair<Value, Value>> entries;
        for (const auto& [key, item] : json.items()) {
            const Value name = runtime.text(key);
            entries.emplace_back(name, valueOf(runtime, item));
        }
        return runtime.dict(std::move(entries));
    }
    default:
        return None{};
    }
}

std::size_t sizeOf(const Json& json, int depth = 0)
{
    if (json.is_string())
        return json.get_ref<const std::string&>().size() + sizeof(Text);
    std::size_t size = sizeof(Value);
    if (depth < 1000 && json.is_structured()) {
        for (const Json& item : json)
            size += sizeOf(item, depth + 1);
    }
    return size;
}

} // namespace

Result<Template> Template::parse(std::string_view source)
{
    if (source.size() > kLargestSource)
        return Error(ErrorCode::invalidArgument,
            "The chat template has " + std::to_string(source.size()) + " bytes; at most " + std::to_string(kLargestSource) + " are read.");
    try {
        return Template(std::make_shared<const Syntax>(jinja::parse(source)));
    } catch (const Fault& fault) {
        return errorOf(fault);
    }
}

Result<std::string> Template::render(const Json& variables, const std::optional<std::tm>& now) const
{
    // A long conversation may take more than a short one; a template that grows on its own may not.
    Limits limits;
    const std::size_t given = sizeOf(variables);
    limits.bytes += 16 * given;
    limits.steps += given;
    Runtime runtime(limits, now);
    try {
        std::vector<std::pair<std::string, Value>> values;
        for (const auto& [name, value] : variables.items())
            values.emplace_back(name, valueOf(runtime, value));
        return Evaluator(runtime).render(*m_syntax, values);
    } catch (const Fault& fault) {
        return errorOf(fault);
    }
}

} // namespace precedent::text::jinja
