#include "ui/bridge/sample_maker.h"

#include "precedent/casebase/casebase.h"
#include "precedent/workspace/sample_casebase.h"
#include "ui/bridge/background.h"

namespace precedent::ui {
namespace {

Status made(const std::filesystem::path& path, Content content)
{
    std::error_code ec;
    std::filesystem::create_directories(path.parent_path(), ec);
    if (ec)
        return errnoError(ec.value(), "create", path.parent_path().string());
    auto casebase = casebase::Casebase::create(path);
    if (!casebase.ok())
        return casebase.error();
    if (content == Content::empty)
        return {};
    const Status filled = workspace::fillWithSample(**casebase);
    if (!filled.ok()) {
        casebase->reset();
        std::filesystem::remove(path, ec);
    }
    return filled;
}

} // namespace

void makeCasebase(const std::filesystem::path& path, Content content, QObject* context, std::function<void(const Status&)> done)
{
    inBackground(
        context, [path, content] { return made(path, content); }, std::move(done));
}

} // namespace precedent::ui
