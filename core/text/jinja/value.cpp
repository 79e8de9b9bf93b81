#include "core/text/jinja/value.h"

namespace precedent::text::jinja {
namespace {

struct TypeName {
    std::string operator()(const Undefined&) const { return "Undefined"; }
    std::string operator()(const None&) const { return "NoneType"; }
    std::string operator()(bool) const { return "bool"; }
    std::string operator()(std::int64_t) const { return "int"; }
    std::string operator()(double) const { return "float"; }
    std::string operator()(const Text* text) const { return text->safe ? "Markup" : "str"; }
    std::string operator()(const List*) const { return "list"; }
    std::string operator()(const Tuple*) const { return "tuple"; }
    std::string operator()(const Dict*) const { return "dict"; }
    std::string operator()(const Iterator* iterator) const { return iterator->typeName; }
    std::string operator()(const View* view) const
    {
        if (view->of == View::Of::items)
            return "dict_items";
        return view->of == View::Of::keys ? "dict_keys" : "dict_values";
    }
    std::string operator()(const Range*) const { return "range"; }
    std::string operator()(const Namespace*) const { return "Namespace"; }
    std::string operator()(const Loop*) const { return "LoopContext"; }
    std::string operator()(const Function*) const { return "function"; }
};

} // namespace

std::string typeName(const Value& value) { return std::visit(TypeName(), value); }

} // namespace precedent::text::jinja
