#pragma once

#include <exception>
#include <functional>
#include <string>
#include <vector>

#include "precedent/base/result.h"
#include "precedent/core/ranks.h"

namespace precedent::core {

/// A step that the ranks give up together, thrown on all of them alike; the policy is as it was before the step. Caught where a
/// step's exceptions become results; never crosses the facade.
class RankFailure final : public std::exception {
public:
    explicit RankFailure(Error error)
        : m_error(std::move(error))
    {
    }
    [[nodiscard]] const Error& error() const { return m_error; }
    [[nodiscard]] const char* what() const noexcept override { return m_error.message().c_str(); }

private:
    Error m_error;
};

/// What `work` comes to, its exceptions included (Cancelled as ErrorCode::cancelled): a rank that failed must still come to the
/// next meeting and say so.
[[nodiscard]] Status attempt(const std::function<void()>& work);

/// What every rank brought, by rank, if all succeeded; else the same error on every rank: that of the first that failed, with its
/// rank in front; ErrorCode::cancelled before any other, since a stop is nobody's fault.
[[nodiscard]] Result<std::vector<std::string>> agree(Ranks& ranks, const Status& mine, const std::string& bytes = {});

/// As agree(), and throws Cancelled or RankFailure in place of an error.
[[nodiscard]] std::vector<std::string> agreeOrThrow(Ranks& ranks, const Status& mine, const std::string& bytes = {});

} // namespace precedent::core
