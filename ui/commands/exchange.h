#pragma once

#include <optional>
#include <string>

#include "precedent/base/json.h"
#include "precedent/base/result.h"
#include "precedent/casebase/value_json.h"

namespace precedent::ui {

/// Whether two cases or two codes say the same, whatever their versions and times.
template <typename Value>
[[nodiscard]] bool sayTheSame(const Value& a, const Value& b)
{
    return casebase::toJson(a) == casebase::toJson(b);
}

/// Replaces `from` by `to` in a store (none: is not there), if what is stored is still `from`; done already counts as done. Fails with
/// failedPrecondition where someone else wrote meanwhile, and then changes nothing. `named` is what a message calls the value ("case
/// S3-017"). On the casebase's thread.
template <typename Store, typename Value>
[[nodiscard]] Status exchange(Store& store, const std::optional<Value>& from, const std::optional<Value>& to, const std::string& named)
{
    const auto refused = [&](const std::string& what) {
        return Error(ErrorCode::failedPrecondition, "The " + named + " was " + what + " by someone else since.",
            "Nothing was overwritten. Open it to see what it says now.");
    };
    const Result<Value> stored = store.find(from ? from->id : to->id);
    if (!stored.ok() && stored.error().code() != ErrorCode::notFound)
        return stored.error();
    const bool there = stored.ok();
    if (there == to.has_value() && (!there || sayTheSame(*stored, *to)))
        return {};
    if (there && !from)
        return refused("added");
    if (!there && from)
        return refused("removed");
    if (there && !sayTheSame(*stored, *from))
        return refused("changed (version " + std::to_string(stored->version) + ")");
    if (!to)
        return store.remove(from->id);
    if (there)
        return store.update(*to, stored->version);
    const auto added = store.add(*to);
    return added.ok() ? Status() : Status(added.error());
}

} // namespace precedent::ui
