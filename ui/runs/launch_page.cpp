#include "ui/runs/launch_page.h"

#include <QCheckBox>
#include <QClipboard>
#include <QFileDialog>
#include <QGuiApplication>
#include <QHBoxLayout>
#include <QLabel>
#include <QPushButton>
#include <QScrollArea>
#include <QTimer>
#include <QVBoxLayout>

#include "precedent/align/run_spec_json.h"
#include "precedent/workspace/judge_choice.h"
#include "precedent/workspace/model_choices.h"
#include "precedent/workspace/model_source.h"
#include "ui/bridge/background.h"
#include "ui/bridge/job_line.h"
#include "ui/runs/estimate_panel.h"
#include "ui/runs/preset_cards.h"
#include "ui/runs/preset_words.h"
#include "ui/runs/run_command.h"
#include "ui/runs/save_preset_dialog.h"
#include "ui/runs/spec_form.h"
#include "ui/shell/card.h"
#include "ui/shell/counted.h"
#include "ui/shell/icons.h"
#include "ui/shell/pane.h"
#include "ui/shell/style.h"
#include "ui/shell/type_scale.h"

namespace precedent::ui {
namespace {

constexpr int kEstimateWidth = 304;
constexpr int kWaitMs = 250;
constexpr int kCopiedMs = 2000;
constexpr double kLowTemperature = 0.5;

QString sentence(const Error& error) { return QString::fromStdString(error.message() + (error.hint().empty() ? "" : " " + error.hint())); }

QPushButton* button(const char* name, const QString& words, const QString& icon, QWidget* parent)
{
    auto* made = icon.isEmpty() ? new QPushButton(words, parent) : new QPushButton(themedIcon(icon, Role::text), words, parent);
    made->setObjectName(QString::fromLatin1(name));
    return made;
}

} // namespace

LaunchPage::LaunchPage(JobLine& line, QWidget* parent)
    : QWidget(parent)
    , m_line(line)
    , m_changes(new QuietLabel({}, secondaryFont(), this))
    , m_casebaseName(new QLabel(this))
    , m_drafts(new QCheckBox(tr("unapproved cases too"), this))
    , m_presets(new PresetCards(this))
    , m_form(new SpecForm(this))
    , m_problem(new QLabel(this))
    , m_start(new QPushButton(themedIcon(QStringLiteral("runs"), Role::onAccent), tr("Start run"), this))
    , m_copy(button("copyCommandButton", tr("Copy as command"), QStringLiteral("terminal"), this))
    , m_estimate(new EstimatePanel(this))
    , m_wait(new QTimer(this))
{
    setObjectName(QStringLiteral("launchDialog"));
    auto* layout = new QHBoxLayout(this);
    layout->setContentsMargins(0, 0, 0, 0);
    layout->setSpacing(0);
    layout->addWidget(buildCenter(), 1);
    layout->addWidget(buildEstimate());
    addCasebaseRow();
    m_wait->setSingleShot(true);
    m_wait->setInterval(kWaitMs);
    connect(m_wait, &QTimer::timeout, this, &LaunchPage::preview);
    connect(m_start, &QPushButton::clicked, this, &LaunchPage::startWanted);
    connect(m_copy, &QPushButton::clicked, this, &LaunchPage::copyCommand);
    connect(m_presets, &PresetCards::chosen, this, &LaunchPage::takePreset);
    connect(m_presets, &PresetCards::removeWanted, this, [this](const QString& id) {
        const UserPreset* preset = m_presets->userPreset(id);
        const Status removed = preset == nullptr ? Status() : UserPresets::remove(preset->path);
        m_presets->reload();
        if (!removed.ok())
            tell(sentence(removed.error()));
    });
    connect(m_form, &SpecForm::edited, this, &LaunchPage::check);
    connect(m_drafts, &QCheckBox::toggled, this, &LaunchPage::check);
    connect(m_estimate, &EstimatePanel::measureWanted, this, &LaunchPage::measure);
    connect(m_estimate, &EstimatePanel::stopWanted, this, &LaunchPage::stopMeasuring);
    m_form->setSpec(core::RunSpec());
    m_presets->select(QString::fromStdString(align::presetNames().front()));
    takePreset(m_presets->selected());
}

LaunchPage::~LaunchPage() = default;

Pane* LaunchPage::buildCenter()
{
    auto* center = new Pane(this);
    auto* title = new QLabel(tr("New run"), center);
    title->setFont(sectionFont());
    auto* reset = button("resetLaunchButton", tr("Reset"), QStringLiteral("undo"), center);
    reset->setToolTip(tr("Back to what it started from"));
    auto* load = button("loadSpecButton", tr("Load settings"), QStringLiteral("folder"), center);
    load->setToolTip(tr("From a file as train --spec takes it"));
    for (QPushButton* plain : {reset, load})
        plain->setProperty("plain", true);
    auto* save = button("savePresetButton", tr("Save as preset"), QStringLiteral("save"), center);
    auto* cancel = button("cancelLaunchButton", tr("Cancel"), {}, center);
    m_changes->setObjectName(QStringLiteral("launchChanges"));
    m_changes->setWordWrap(false);
    m_changes->setSizePolicy(QSizePolicy::Ignored, QSizePolicy::Preferred);
    center->bar()->setContentsMargins(24, 0, 24, 1);
    center->bar()->addWidget(title);
    center->bar()->addWidget(m_changes, 1);
    for (QPushButton* act : {reset, load, save, cancel})
        center->bar()->addWidget(act);

    auto* page = new QWidget;
    auto* lines = new QVBoxLayout(page);
    lines->setContentsMargins(24, 8, 12, 24);
    lines->setSpacing(8);
    lines->addWidget(m_presets);
    lines->addWidget(m_form);
    lines->addStretch();
    auto* scroll = new QScrollArea(center);
    scroll->setObjectName(QStringLiteral("launchScroll"));
    scroll->setWidget(page);
    scroll->setWidgetResizable(true);
    scroll->setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
    scroll->setVerticalScrollBarPolicy(Qt::ScrollBarAlwaysOn); // its room is kept, so that nothing moves when a group opens
    for (QWidget* ground : std::initializer_list<QWidget*>{scroll, scroll->viewport(), page})
        ground->setBackgroundRole(QPalette::Base);
    center->setBody(scroll);
    connect(reset, &QPushButton::clicked, this, [this] { takeBase(m_base, m_title, false); });
    connect(load, &QPushButton::clicked, this, &LaunchPage::askForFile);
    connect(save, &QPushButton::clicked, this, &LaunchPage::askName);
    connect(cancel, &QPushButton::clicked, this, &LaunchPage::cancelled);
    return center;
}

Pane* LaunchPage::buildEstimate()
{
    auto* right = new Pane(this, true);
    auto* title = new QLabel(tr("Estimate"), right);
    title->setFont(sectionFont());
    right->bar()->addWidget(title);
    right->bar()->addStretch();
    right->setBody(m_estimate);
    right->setFixedWidth(kEstimateWidth);
    auto* foot = new QWidget(right);
    auto* layout = new QVBoxLayout(foot);
    layout->setContentsMargins(16, 12, 16, 12);
    layout->setSpacing(8);
    m_problem->setObjectName(QStringLiteral("launchProblem"));
    m_problem->setWordWrap(true);
    m_start->setObjectName(QStringLiteral("startRunButton"));
    m_start->setProperty("primary", true);
    m_start->setProperty("tall", true);
    m_copy->setToolTip(tr("The line for a shell that makes exactly this run"));
    layout->addWidget(m_problem);
    layout->addWidget(m_start);
    layout->addWidget(m_copy);
    right->addBelow(foot);
    return right;
}

void LaunchPage::addCasebaseRow()
{
    m_casebaseName->setObjectName(QStringLiteral("launchCasebaseLabel"));
    m_drafts->setObjectName(QStringLiteral("includeDraftsCheck"));
    m_drafts->setToolTip(tr("Also use cases that nobody has approved"));
    m_form->addFixedRow(QStringLiteral("cases"), 0, tr("Casebase"), QStringLiteral("casebase"), m_casebaseName, m_drafts);
}

void LaunchPage::setCasebase(const std::filesystem::path& path)
{
    stopMeasuring();
    m_casebase = path;
    m_casebaseName->setText(QString::fromStdString(path.filename().string()));
    m_casebaseName->setToolTip(
        tr("%1\nFrozen as it is now: later edits change nothing in the run.").arg(QString::fromStdString(path.string())));
}

void LaunchPage::refresh()
{
    m_presets->reload();
    fillModels();
    m_resolved.clear();
    check();
}

void LaunchPage::takePreset(const QString& id)
{
    if (const UserPreset* own = m_presets->userPreset(id))
        return takeBase(own->spec, own->name, true);
    if (auto preset = align::preset(id.toStdString()); preset.ok())
        takeBase(*preset, presetTitle(id), false);
}

void LaunchPage::takeBase(const core::RunSpec& spec, const QString& title, bool withModel)
{
    const std::string model = this->spec().model;
    m_base = spec;
    m_title = title;
    core::RunSpec shown = spec;
    if (!withModel)
        shown.model = model;
    m_form->setSpec(shown);
    check();
}

void LaunchPage::loadSpec(const QString& path)
{
    const Result<core::RunSpec> spec = readSpecFile(path);
    if (!spec.ok())
        return tell(sentence(spec.error()));
    m_presets->select({});
    takeBase(spec.value(), QFileInfo(path).fileName(), true);
}

void LaunchPage::askForFile()
{
    const QString path = QFileDialog::getOpenFileName(this, tr("Settings of a run"), {}, tr("Settings (*.json);;All files (*)"));
    if (!path.isEmpty())
        loadSpec(path);
}

void LaunchPage::askName()
{
    auto* dialog = new SavePresetDialog(this);
    connect(dialog, &SavePresetDialog::named, this, &LaunchPage::saveAs);
    dialog->open();
}

void LaunchPage::saveAs(const QString& name)
{
    const core::RunSpec spec = this->spec();
    if (const Status saved = UserPresets::save(name, spec); !saved.ok())
        return tell(sentence(saved.error()));
    m_presets->reload();
    m_presets->select(QStringLiteral("user:") + name.trimmed());
    takeBase(spec, name.trimmed(), true);
}

QString LaunchPage::command() const { return QString::fromStdString(trainCommand(m_casebase, order())); }

void LaunchPage::copyCommand()
{
    QGuiApplication::clipboard()->setText(command());
    m_copy->setText(tr("Copied"));
    QTimer::singleShot(kCopiedMs, this, [this] { m_copy->setText(tr("Copy as command")); });
}

void LaunchPage::tell(const QString& trouble)
{
    m_problem->setText(trouble);
    m_problem->setVisible(!trouble.isEmpty());
}

void LaunchPage::setProblem(const QString& problem)
{
    tell(problem);
    m_start->setEnabled(problem.isEmpty());
    m_copy->setEnabled(problem.isEmpty());
}

void LaunchPage::check()
{
    const int asked = ++m_checks;
    stopMeasuring();
    m_preview.reset();
    m_measured.reset();
    const Result<core::RunSpec> spec = m_form->spec();
    showChanges();
    m_form->setProblem({});
    const Status valid = spec.ok() ? align::validate(spec.value()) : Status(spec.error());
    const std::string judge = spec.ok() ? workspace::checkJudgeName(spec.value().rewardJudge) : std::string();
    const QString model = QString::fromStdString(spec.ok() ? spec.value().model : std::string());
    if (spec.ok() && model.isEmpty())
        return checked(tr("Name a model: starter, or a Hugging Face folder."));
    if (!valid.ok()) {
        m_form->setProblem(QString::fromStdString(valid.error().message()));
        return checked(sentence(valid.error()));
    }
    if (!judge.empty()) {
        m_form->setProblem(QStringLiteral("reward_judge ") + QString::fromStdString(judge));
        return checked(QString::fromStdString(judge));
    }
    if (model.startsWith(QLatin1String("run:")) || model == m_resolved) // the casebase knows of runs; preparing tells
        return checked({});
    m_start->setEnabled(false);
    inBackground(
        this, [name = model.toStdString()] { return workspace::resolveModel(name); },
        [this, asked, model](const Result<workspace::ModelSource>& source) {
            if (asked != m_checks)
                return;
            m_resolved = source.ok() ? model : QString();
            checked(source.ok() ? QString() : QString::fromStdString(source.error().message()));
        });
}

void LaunchPage::checked(const QString& problem)
{
    setProblem(problem);
    if (!problem.isEmpty()) {
        m_wait->stop();
        m_estimate->setProblem(tr("There is nothing to estimate yet."));
    } else if (isVisible()) {
        m_wait->start();
    }
}

void LaunchPage::showChanges()
{
    const core::RunSpec now = spec();
    m_form->follow(now);
    const Json then = align::toJson(m_base);
    const Json is = align::toJson(now);
    qint64 others = 0;
    for (const auto& [key, value] : is.items())
        others += key != "model" && value != then.value(key, Json()) ? 1 : 0;
    m_changes->setText(
        others == 0 ? m_title : tr("%1 with %2").arg(m_title, counted(others, tr("one setting changed"), tr("%1 settings changed"))));
    m_changes->setToolTip(m_changes->text());
    Q_EMIT changed();
}

QString LaunchPage::what() const { return tr("%1 on %2").arg(m_title, QString::fromStdString(spec().model)); }

core::RunSpec LaunchPage::spec() const
{
    Result<core::RunSpec> spec = m_form->spec();
    return spec.ok() ? std::move(*spec) : m_base; // a problem is told, and starts nothing
}

RunOrder LaunchPage::order() const
{
    RunOrder order;
    order.spec = spec();
    order.includeDrafts = m_drafts->isChecked();
    if (m_measured)
        order.measured = m_measured->estimate;
    return order;
}

void LaunchPage::setModel(const QString& model)
{
    core::RunSpec spec = this->spec();
    spec.model = model.toStdString();
    m_form->setSpec(spec);
    check();
}

void LaunchPage::fillModels()
{
    inBackground(this, &workspace::baseModelChoices, [this](const std::vector<workspace::ModelChoice>& choices) {
        std::vector<std::pair<QString, QString>> named;
        for (const workspace::ModelChoice& choice : choices)
            named.emplace_back(QString::fromStdString(choice.title), QString::fromStdString(choice.name));
        m_form->setModelChoices(named);
    });
}

void LaunchPage::preview()
{
    if (m_previewing) {
        m_again = true;
        return;
    }
    m_previewing = true;
    m_again = false;
    m_previewed = m_checks;
    m_estimate->setWorking();
    inBackground(
        this,
        [path = m_casebase, order = order()]() -> Result<workspace::RunPreview> {
            auto casebase = casebase::Casebase::open(path, casebase::OpenMode::readOnly);
            if (!casebase.ok())
                return casebase.error();
            return workspace::previewRun(**casebase, order.spec, order.includeDrafts);
        },
        [this](const Result<workspace::RunPreview>& preview) { showPreview(preview); });
}

void LaunchPage::showPreview(const Result<workspace::RunPreview>& preview)
{
    m_previewing = false;
    if (m_again) {
        this->preview();
        return;
    }
    if (m_previewed != m_checks) // of settings that are no longer there: the next one is on its way, or there is a problem
        return;
    if (preview.ok()) {
        m_preview = preview.value();
        return showEstimate();
    }
    m_estimate->setProblem(tr("There is nothing to estimate."));
    setProblem(sentence(preview.error()));
}

void LaunchPage::showEstimate()
{
    const core::RunSpec now = spec();
    QStringList warnings;
    if (now.temperature < kLowTemperature)
        warnings += tr("Temperature %1 is low for groups of %2. You can start all the same.")
                        .arg(QLocale().toString(now.temperature), QString::number(now.numGenerations));
    workspace::RunPreview shown = *m_preview;
    if (m_measured)
        shown.estimate = m_measured->estimate;
    m_estimate->setPreview(shown, warnings, m_measured ? &m_measured->rehearsal : nullptr);
}

void LaunchPage::measure()
{
    if (m_ticket != 0) { // one that was stopped is still on its way
        m_measureAgain = true;
        return m_estimate->setMeasuring(tr("It begins when the one before has let go of the processor."));
    }
    if (!m_preview)
        return;
    m_measuring = m_checks;
    m_ticket = m_line.enter(tr("measuring a run"), [this] {
        m_estimate->setMeasuring(tr("Parts of steps are done on the run's own requests. Nothing is written."));
        m_rehearsal = std::make_unique<RehearsalJob>(m_casebase, order());
        connect(m_rehearsal.get(), &RehearsalJob::finished, this, &LaunchPage::takeMeasured);
    });
    if (m_rehearsal == nullptr)
        m_estimate->setMeasuring(tr("It begins when %1 is over: the two would share the processor.").arg(m_line.waitsFor(m_ticket)));
}

/// The turn is kept until the core has let go of it: finished() follows.
void LaunchPage::stopMeasuring()
{
    if (m_ticket == 0)
        return;
    m_measureAgain = false;
    m_estimate->setMeasuring({});
    if (m_rehearsal != nullptr)
        return m_rehearsal->cancel();
    m_line.leave(std::exchange(m_ticket, 0));
}

void LaunchPage::takeMeasured(const Result<MeasuredRun>& measured)
{
    m_rehearsal.release()->deleteLater(); // it is what speaks
    m_line.leave(std::exchange(m_ticket, 0));
    if (std::exchange(m_measureAgain, false))
        return measure();
    if (m_measuring != m_checks) // of settings that are no longer there
        return;
    m_estimate->setMeasuring({});
    if (measured.ok() && m_preview) {
        m_measured = measured.value();
        showEstimate();
    } else if (!measured.ok() && measured.error().code() != ErrorCode::cancelled) {
        m_estimate->setMeasureProblem(sentence(measured.error()));
    }
}

void LaunchPage::hideEvent(QHideEvent* event)
{
    stopMeasuring();
    QWidget::hideEvent(event);
}

} // namespace precedent::ui
