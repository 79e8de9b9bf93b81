#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "casebase/connection.h"
#include "precedent/casebase/case_store.h"
#include "precedent/casebase/prompt_store.h"

namespace precedent::casebase {

/// SQL conditions with their values. Texts are owned here, so that they outlive the statement they are bound to.
class Where {
public:
    void add(std::string_view condition) { m_conditions.emplace_back(condition); }
    /// One value for each "?" of the condition, in order.
    void add(std::string_view condition, const std::vector<std::string>& values)
    {
        add(condition);
        m_values.insert(m_values.end(), values.begin(), values.end());
    }
    void addAnyOf(const std::string& column, const std::vector<std::string>& values);
    void append(const Where& other);
    [[nodiscard]] bool empty() const { return m_conditions.empty(); }
    /// " WHERE a AND b", or nothing.
    [[nodiscard]] std::string sql() const;
    /// Binds the values from the first parameter on; returns the next free one.
    int bindTo(Query& q) const;

private:
    std::vector<std::string> m_conditions;
    std::vector<std::string> m_values;
};

/// The filter's conditions on `cases`. Full text joins as `n IN (...)`; `withText` false leaves it out (the caller joins
/// the index itself).
[[nodiscard]] Where whereOf(const CaseFilter& filter, bool withText = true);
[[nodiscard]] Where whereOf(const PromptFilter& filter);

} // namespace precedent::casebase
