#pragma once

#include <filesystem>
#include <functional>

#include <QObject>

#include "precedent/workspace/asking.h"

namespace precedent::ui {

/// Renders what the starter model would be given for a case's request, on a thread and a connection of its own, since finding cases
/// reads all of them; `done` comes on the UI thread, unless `context` is gone by then. UI thread.
void previewPrompt(const std::filesystem::path& casebase, const casebase::Case& value, Mode mode, QObject* context,
    std::function<void(const Result<workspace::PromptPreview>&)> done);

} // namespace precedent::ui
