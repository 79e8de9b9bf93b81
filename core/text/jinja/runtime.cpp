#include "core/text/jinja/runtime.h"

namespace precedent::text::jinja {

Value Runtime::text(std::string bytes, bool safe)
{
    take(bytes.size());
    spendBytes(bytes.size());
    return static_cast<const Text*>(make<Text>(std::move(bytes), safe));
}

Value Runtime::list(std::vector<Value> items)
{
    take(items.size() * sizeof(Value));
    return static_cast<const List*>(make<List>(std::move(items)));
}

Value Runtime::tuple(std::vector<Value> items)
{
    take(items.size() * sizeof(Value));
    return static_cast<const Tuple*>(make<Tuple>(std::move(items)));
}

Value Runtime::dict(std::vector<std::pair<Value, Value>> entries)
{
    take(entries.size() * 2 * sizeof(Value));
    return static_cast<const Dict*>(make<Dict>(std::move(entries)));
}

Value Runtime::iterator(std::vector<Value> items, std::string typeName)
{
    take(items.size() * sizeof(Value));
    return make<Iterator>(std::move(items), std::move(typeName));
}

Value Runtime::function(std::string name, Function::Body body)
{
    return static_cast<const Function*>(make<Function>(std::move(name), std::move(body)));
}

Value Runtime::undefined(std::string reason)
{
    const Text* kept = make<Text>(std::move(reason));
    return Undefined{&kept->bytes};
}

} // namespace precedent::text::jinja
