#include "ui/bridge/prompt_preview.h"

#include "precedent/workspace/model_source.h"
#include "ui/bridge/background.h"

namespace precedent::ui {
namespace {

constexpr int kCasesPerPrompt = 4; ///< as asking takes them

Result<workspace::PromptPreview> preview(const std::filesystem::path& path, const casebase::Case& value, Mode mode)
{
    const auto folder = workspace::starterFolder();
    if (!folder.ok())
        return folder.error();
    const auto casebase = casebase::Casebase::open(path, casebase::OpenMode::readOnly);
    if (!casebase.ok())
        return casebase.error();
    return workspace::previewPrompt(**casebase, value, mode, kCasesPerPrompt, *folder);
}

} // namespace

void previewPrompt(const std::filesystem::path& casebase, const casebase::Case& value, Mode mode, QObject* context,
    std::function<void(const Result<workspace::PromptPreview>&)> done)
{
    inBackground(
        context, [casebase, value, mode] { return preview(casebase, value, mode); }, std::move(done));
}

} // namespace precedent::ui
