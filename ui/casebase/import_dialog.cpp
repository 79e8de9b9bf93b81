#include "ui/casebase/import_dialog.h"

#include <QComboBox>
#include <QDialogButtonBox>
#include <QFileInfo>
#include <QFormLayout>
#include <QLabel>
#include <QLineEdit>
#include <QProgressBar>
#include <QPushButton>
#include <QTimer>
#include <QVBoxLayout>

#include "ui/bridge/import_job.h"
#include "ui/shell/card.h"
#include "ui/shell/counted.h"
#include "ui/shell/type_scale.h"

namespace precedent::ui {
namespace {

constexpr int kTypingPauseMs = 300;
constexpr std::size_t kRejectedShown = 5;

QString text(const std::string& value) { return QString::fromStdString(value); }

/// What a dry run found, in a few lines.
QString reportOf(const casebase::ImportResult& result)
{
    QStringList lines;
    for (const std::string& kind : result.recognised)
        lines += ImportDialog::tr("Read as %1.").arg(text(kind));
    lines += ImportDialog::tr("Rows to take in: %L1. There already: %L2. Not fitting: %L3. With something derived, and marked so: %L4.")
                 .arg(result.imported + result.updated)
                 .arg(result.skipped)
                 .arg(result.rejectedTotal)
                 .arg(result.derived);
    for (const casebase::JoinedSuite& suite : result.suites) {
        lines += (suite.role == casebase::SuiteRole::sealed
                ? ImportDialog::tr("Prompts for the suite \"%1\": %L2. It is sealed: they are for figures and not trained on.")
                : ImportDialog::tr("Prompts for the suite \"%1\": %L2. It is a working suite: they may be trained on."))
                     .arg(text(suite.name))
                     .arg(suite.added);
    }
    for (std::size_t i = 0; i < std::min(kRejectedShown, result.rejected.size()); ++i)
        lines += ImportDialog::tr("Row %L1: %2").arg(result.rejected[i].row).arg(text(result.rejected[i].reason));
    if (result.rejectedTotal > static_cast<std::int64_t>(kRejectedShown))
        lines += ImportDialog::tr("and more");
    return lines.join(QLatin1Char('\n'));
}

} // namespace

ImportDialog::ImportDialog(std::filesystem::path casebase, bool readOnly, const QStringList& files, QWidget* parent)
    : QDialog(parent)
    , m_casebase(std::move(casebase))
    , m_readOnly(readOnly)
    , m_trial(makeImportTrial(m_casebase))
    , m_as(new QComboBox(this))
    , m_label(new QComboBox(this))
    , m_map(new QLineEdit(this))
    , m_suite(new QLineEdit(this))
    , m_role(new QComboBox(this))
    , m_preview(new QLabel(this))
    , m_progress(new QProgressBar(this))
    , m_pause(new QTimer(this))
{
    setObjectName(QStringLiteral("importDialog"));
    setWindowTitle(tr("Import"));
    setMinimumWidth(520);
    QStringList names;
    for (const QString& file : files) {
        m_files.emplace_back(file.toStdString());
        names += QFileInfo(file).fileName();
    }
    m_as->setObjectName(QStringLiteral("importAsCombo"));
    m_as->addItem(tr("what the columns tell"), QString());
    for (const auto& [name, key] :
        {std::pair{tr("cases"), "cases"}, {tr("requests"), "prompts"}, {tr("codes"), "codes"}, {tr("a suite"), "suite"}})
        m_as->addItem(name, QString::fromLatin1(key));
    m_label->setObjectName(QStringLiteral("importLabelCombo"));
    m_label->addItem(tr("as the rows say"), QString());
    for (const PromptLabel label : {PromptLabel::harmful, PromptLabel::benign, PromptLabel::attack, PromptLabel::utility})
        m_label->addItem(QString::fromLatin1(toString(label)), QString::fromLatin1(toString(label)));
    m_map->setObjectName(QStringLiteral("importMapEdit"));
    m_map->setPlaceholderText(tr("request=question, codes=category"));
    m_suite->setObjectName(QStringLiteral("importSuiteEdit"));
    m_suite->setPlaceholderText(tr("none"));
    m_role->setObjectName(QStringLiteral("importRoleCombo"));
    m_role->addItem(tr("as it is, a new one sealed"), QString());
    for (const auto& [name, role] : {std::pair{tr("sealed: for figures, kept out of training"), casebase::SuiteRole::sealed},
             {tr("working: may be trained on"), casebase::SuiteRole::working}})
        m_role->addItem(name, QString::fromLatin1(casebase::toString(role)));
    m_preview->setObjectName(QStringLiteral("importPreview"));
    m_preview->setWordWrap(true);
    m_preview->setMinimumHeight(96);
    m_preview->setAlignment(Qt::AlignTop | Qt::AlignLeft);
    m_preview->setTextInteractionFlags(Qt::TextSelectableByMouse);
    m_progress->setTextVisible(false);
    m_progress->setRange(0, 1000);

    auto* form = new QFormLayout;
    form->setHorizontalSpacing(16);
    form->setVerticalSpacing(8);
    auto* filesLabel = new QLabel(names.join(QStringLiteral(", ")), this);
    filesLabel->setWordWrap(true);
    form->addRow(tr("Files"), filesLabel);
    form->addRow(tr("Rows are"), m_as);
    form->addRow(tr("Label of requests"), m_label);
    form->addRow(tr("Field=column"), m_map);
    form->addRow(tr("Also into suite"), m_suite);
    form->addRow(tr("The suite is"), m_role);
    auto* buttons = new QDialogButtonBox(QDialogButtonBox::Cancel, this);
    m_import = buttons->addButton(tr("Import"), QDialogButtonBox::ActionRole);
    m_import->setObjectName(QStringLiteral("importButton"));
    m_import->setProperty("primary", true);
    auto* layout = new QVBoxLayout(this);
    layout->setContentsMargins(24, 24, 24, 16);
    layout->setSpacing(16);
    layout->addLayout(form);
    layout->addWidget(m_preview);
    layout->addWidget(m_progress);
    layout->addWidget(buttons);
    m_pause->setSingleShot(true);
    m_pause->setInterval(kTypingPauseMs);
    connect(m_pause, &QTimer::timeout, this, &ImportDialog::look);
    for (QComboBox* combo : {m_as, m_label, m_role})
        connect(combo, &QComboBox::currentIndexChanged, m_pause, qOverload<>(&QTimer::start));
    for (QLineEdit* edit : {m_map, m_suite})
        connect(edit, &QLineEdit::textChanged, m_pause, qOverload<>(&QTimer::start));
    connect(m_import, &QPushButton::clicked, this, &ImportDialog::store);
    connect(buttons, &QDialogButtonBox::rejected, this, &QDialog::reject);
    look();
}

ImportDialog::~ImportDialog() = default;

casebase::ImportOptions ImportDialog::options() const
{
    casebase::ImportOptions options;
    if (const QString as = m_as->currentData().toString(); !as.isEmpty())
        options.as = casebase::importTargetFromString(as.toStdString());
    if (const QString label = m_label->currentData().toString(); !label.isEmpty())
        options.label = promptLabelFromString(label.toStdString());
    for (const QString& pair : m_map->text().split(QLatin1Char(','), Qt::SkipEmptyParts)) {
        const auto equals = pair.indexOf(QLatin1Char('='));
        if (equals > 0)
            options.map[pair.left(equals).trimmed().toStdString()] = pair.mid(equals + 1).trimmed().toStdString();
    }
    options.suite = m_suite->text().trimmed().toStdString();
    options.suiteRole = casebase::suiteRoleFromString(m_role->currentData().toString().toStdString());
    return options;
}

void ImportDialog::begin(bool dryRun)
{
    casebase::ImportOptions options = this->options();
    options.dryRun = dryRun;
    m_import->setEnabled(false);
    m_progress->setVisible(true);
    m_progress->setValue(0);
    m_job = std::make_unique<ImportJob>(m_casebase, m_trial, m_files, std::move(options));
    connect(m_job.get(), &ImportJob::progressed, this, [this](const QString&, qint64 rows, double share) {
        m_progress->setValue(qRound(std::max(0.0, share) * 1000));
        m_progress->setToolTip(counted(rows, tr("1 row"), tr("%1 rows")));
    });
    connect(
        m_job.get(), &ImportJob::finished, this, [this, dryRun](const Result<casebase::ImportResult>& result) { take(result, dryRun); });
}

void ImportDialog::look()
{
    m_preview->setText(tr("Looking at the files."));
    begin(true);
}

void ImportDialog::store()
{
    for (QWidget* field : std::initializer_list<QWidget*>{m_as, m_label, m_map, m_suite, m_role})
        field->setEnabled(false);
    begin(false);
}

void ImportDialog::take(const Result<casebase::ImportResult>& result, bool dryRun)
{
    m_progress->setVisible(false);
    if (!result.ok()) {
        for (QWidget* field : std::initializer_list<QWidget*>{m_as, m_label, m_map, m_suite, m_role})
            field->setEnabled(true);
        m_preview->setText(text(result.error().message()) + QLatin1Char('\n') + text(result.error().hint()));
        return;
    }
    if (dryRun) {
        QString report = reportOf(result.value());
        if (m_readOnly)
            report +=
                QLatin1Char('\n') + tr("This casebase is open read-only: nothing can be stored in it. Make a copy where you may write.");
        m_preview->setText(report);
        m_import->setEnabled(!m_readOnly && result.value().imported + result.value().updated > 0);
        return;
    }
    Q_EMIT imported(result.value().imported + result.value().updated);
    accept();
}

} // namespace precedent::ui
