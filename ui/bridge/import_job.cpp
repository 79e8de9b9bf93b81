#include "ui/bridge/import_job.h"

#include <chrono>
#include <mutex>
#include <thread>

#include "precedent/casebase/casebase.h"
#include "precedent/workspace/disposition_deriver.h"
#include "ui/bridge/job_link.h"

namespace precedent::ui {
namespace {

constexpr std::chrono::milliseconds kFrame(16);

} // namespace

class ImportTrial {
public:
    explicit ImportTrial(std::filesystem::path path)
        : m_path(std::move(path))
    {
    }

    /// A dry run on the copy, which is made where there is none yet. Any thread.
    [[nodiscard]] Result<casebase::ImportResult> dryRun(
        const std::vector<std::filesystem::path>& files, const casebase::ImportOptions& options)
    {
        const std::scoped_lock lock(m_mutex);
        if (!m_copy) {
            auto copy = casebase::Casebase::openScratch(m_path);
            if (!copy.ok())
                return copy.error();
            m_copy = std::move(*copy);
        }
        return casebase::Importer(*m_copy, options).import(files);
    }

private:
    std::filesystem::path m_path;
    std::mutex m_mutex;
    std::unique_ptr<casebase::Casebase> m_copy;
};

std::shared_ptr<ImportTrial> makeImportTrial(std::filesystem::path casebase) { return std::make_shared<ImportTrial>(std::move(casebase)); }

struct ImportJob::Shared : JobLink<ImportJob> {
    using JobLink::JobLink;

    [[nodiscard]] Result<casebase::ImportResult> go(const std::filesystem::path& path, ImportTrial& trial,
        const std::vector<std::filesystem::path>& files, casebase::ImportOptions options)
    {
        options.stop = stop.get_token();
        options.disposition = workspace::analysisDeriver();
        options.onProgress = [this, last = std::chrono::steady_clock::time_point{}](const casebase::ImportProgress& p) mutable {
            const auto now = std::chrono::steady_clock::now();
            if (now - last < kFrame)
                return;
            last = now;
            const double share = p.fileBytes > 0 ? static_cast<double>(p.bytes) / static_cast<double>(p.fileBytes) : -1;
            post([file = QString::fromStdString(p.file), rows = p.rows, share](ImportJob& to) { Q_EMIT to.progressed(file, rows, share); });
        };
        if (options.dryRun)
            return trial.dryRun(files, options);
        auto opened = casebase::Casebase::open(path, casebase::OpenMode::readWrite);
        if (!opened.ok())
            return opened.error();
        return casebase::Importer(**opened, std::move(options)).import(files);
    }
};

ImportJob::ImportJob(std::filesystem::path casebase, std::shared_ptr<ImportTrial> trial, std::vector<std::filesystem::path> files,
    casebase::ImportOptions options, QObject* parent)
    : QObject(parent)
    , m_shared(std::make_shared<Shared>(this))
{
    std::thread([shared = m_shared, path = std::move(casebase), trial = std::move(trial), files = std::move(files),
                    options = std::move(options)] {
        auto result = std::make_shared<Result<casebase::ImportResult>>(shared->go(path, *trial, files, options));
        shared->post([result](ImportJob& to) { Q_EMIT to.finished(*result); });
    }).detach();
}

ImportJob::~ImportJob() { m_shared->leave(); }

void ImportJob::cancel() { m_shared->stop.request_stop(); }

} // namespace precedent::ui
