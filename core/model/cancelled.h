#pragma once

#include <exception>

namespace precedent::core {

/// Thrown between layers, chunks and steps when a stop was asked for; caught where the core turns exceptions into
/// results (ErrorCode::cancelled). Never crosses the facade.
class Cancelled final : public std::exception {
public:
    [[nodiscard]] const char* what() const noexcept override { return "stopped"; }
};

} // namespace precedent::core
