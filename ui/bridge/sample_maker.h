#pragma once

#include <filesystem>
#include <functional>

#include <QObject>

#include "precedent/base/result.h"

namespace precedent::ui {

enum class Content { empty, sample };

/// Makes a casebase at `path` on a thread of its own (its folder too) and says on the UI thread how it went, unless
/// `context` is gone by then.
void makeCasebase(const std::filesystem::path& path, Content content, QObject* context, std::function<void(const Status&)> done);

} // namespace precedent::ui
