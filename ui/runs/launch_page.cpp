#include "ui/runs/launch_page.h"

#include <limits>

#include <QCheckBox>
#include <QComboBox>
#include <QDoubleSpinBox>
#include <QGridLayout>
#include <QHBoxLayout>
#include <QLabel>
#include <QPushButton>
#include <QScrollArea>
#include <QSpinBox>
#include <QTimer>
#include <QVBoxLayout>

#include "precedent/align/run_spec_json.h"
#include "precedent/workspace/model_choices.h"
#include "precedent/workspace/model_source.h"
#include "ui/bridge/background.h"
#include "ui/models/choose_model.h"
#include "ui/runs/estimate_panel.h"
#include "ui/shell/card.h"
#include "ui/shell/counted.h"
#include "ui/shell/icons.h"
#include "ui/shell/pane.h"
#include "ui/shell/style.h"
#include "ui/shell/type_scale.h"

namespace precedent::ui {
namespace {

constexpr int kEstimateWidth = 304;
constexpr int kRow = 40;
constexpr int kUnderLine = 8; ///< a heading's
constexpr int kLabelWidth = 176;
constexpr int kFieldWidth = 220;
constexpr int kNumberWidth = 96;
constexpr int kWaitMs = 250;
constexpr double kLowTemperature = 0.5;

QString aboutPreset(const QString& name)
{
    if (name == QLatin1String("quickstart"))
        return LaunchPage::tr("The starter model in a few minutes, measured before and after on the held-out suites.");
    if (name == QLatin1String("cada"))
        return LaunchPage::tr("Case-augmented deliberative alignment: simple codes and cases in the context.");
    if (name == QLatin1String("da"))
        return LaunchPage::tr("Deliberative alignment as a baseline: detailed codes, no cases.");
    if (name == QLatin1String("control-shuffled"))
        return LaunchPage::tr("A control: dispositions permuted over the prompts.");
    if (name == QLatin1String("control-random"))
        return LaunchPage::tr("A control: rewards drawn at random.");
    if (name == QLatin1String("sft-cases"))
        return LaunchPage::tr("A baseline: supervised learning of the cases' chains and answers.");
    if (name == QLatin1String("refusal-sft"))
        return LaunchPage::tr("A baseline: supervised learning of the answers that refuse, without a chain.");
    if (name == QLatin1String("dpo"))
        return LaunchPage::tr("A baseline: preference optimisation on the best against the worst of the model's own chains.");
    return QString::fromStdString(align::aboutPreset(name.toStdString()));
}

/// One setting: what it is called, its key, its field and what it means.
void addSetting(QGridLayout& form, const QString& name, const char* key, QWidget* field, QLabel* note)
{
    const int row = form.rowCount();
    QWidget* page = form.parentWidget();
    auto* label = new QWidget(page);
    auto* words = new QLabel(name, label);
    words->setBuddy(field);
    QFont small = monospaceFont();
    small.setPixelSize(secondaryFont().pixelSize());
    auto* under = new QuietLabel(QString::fromLatin1(key), small, label);
    under->setWordWrap(false);
    auto* lines = new QVBoxLayout(label);
    lines->setContentsMargins(0, 0, 0, 0);
    lines->setSpacing(0);
    lines->addWidget(words);
    lines->addWidget(under);
    label->setFixedWidth(kLabelWidth);
    if (field->accessibleName().isEmpty())
        field->setAccessibleName(name);
    form.addWidget(label, row, 0);
    form.addWidget(field, row, 1, Qt::AlignVCenter | Qt::AlignLeft);
    form.addWidget(note, row, 2);
    form.setRowMinimumHeight(row, kRow);
}

void addHeading(QGridLayout& form, const QString& title)
{
    QWidget* page = form.parentWidget();
    auto* heading = new QLabel(title, page);
    QFont strong = bodyFont();
    strong.setWeight(QFont::DemiBold);
    heading->setFont(strong);
    auto* line = new QFrame(page);
    line->setFixedHeight(1);
    line->setAutoFillBackground(true);
    line->setBackgroundRole(QPalette::Mid);
    int row = form.rowCount();
    form.addWidget(heading, row, 0, 1, 3, Qt::AlignBottom);
    form.setRowMinimumHeight(row, kRow);
    form.addWidget(line, ++row, 0, 1, 3);
    form.setRowMinimumHeight(++row, kUnderLine);
    form.addItem(new QSpacerItem(0, kUnderLine, QSizePolicy::Minimum, QSizePolicy::Fixed), row, 0);
}

QuietLabel* note(const QString& text, QWidget* parent) { return new QuietLabel(text, bodyFont(), parent); }

QSpinBox* number(const char* name, int least, int most, QWidget* parent)
{
    auto* made = new QSpinBox(parent);
    made->setObjectName(QString::fromLatin1(name));
    made->setRange(least, most);
    made->setFixedWidth(kNumberWidth);
    made->setAlignment(Qt::AlignRight);
    return made;
}

QDoubleSpinBox* fraction(const char* name, double most, double step, int decimals, QWidget* parent)
{
    auto* made = new QDoubleSpinBox(parent);
    made->setObjectName(QString::fromLatin1(name));
    made->setRange(0, most);
    made->setSingleStep(step);
    made->setDecimals(decimals);
    made->setFixedWidth(kNumberWidth);
    made->setAlignment(Qt::AlignRight);
    return made;
}

} // namespace

LaunchPage::LaunchPage(QWidget* parent)
    : QWidget(parent)
    , m_changes(new QuietLabel({}, secondaryFont(), this))
    , m_casebaseName(new QLabel(this))
    , m_preset(new QComboBox(this))
    , m_model(new QComboBox(this))
    , m_steps(number("stepsSpin", 1, 1000000, this))
    , m_seed(number("seedSpin", 0, std::numeric_limits<int>::max(), this))
    , m_mode(new QComboBox(this))
    , m_cases(number("casesSpin", 0, 32, this))
    , m_prompts(number("promptsSpin", 1, 1024, this))
    , m_generations(number("generationsSpin", 2, 256, this))
    , m_longest(number("longestSpin", 8, 32768, this))
    , m_temperature(fraction("temperatureSpin", 5, 0.1, 2, this))
    , m_beta(fraction("betaSpin", 10, 0.01, 3, this))
    , m_drafts(new QCheckBox(tr("Also use cases that nobody has approved"), this))
    , m_about(note({}, this))
    , m_stepNote(note({}, this))
    , m_temperatureNote(new QLabel(this))
    , m_problem(new QLabel(this))
    , m_start(new QPushButton(themedIcon(QStringLiteral("runs"), Role::onAccent), tr("Start the run"), this))
    , m_estimate(new EstimatePanel(this))
    , m_wait(new QTimer(this))
{
    setObjectName(QStringLiteral("launchDialog"));
    auto* center = new Pane(this);
    auto* title = new QLabel(tr("New run"), center);
    title->setFont(sectionFont());
    auto* reset = new QPushButton(themedIcon(QStringLiteral("undo"), Role::text), tr("Reset"), center);
    reset->setObjectName(QStringLiteral("resetLaunchButton"));
    reset->setProperty("plain", true);
    auto* cancel = new QPushButton(tr("Cancel"), center);
    cancel->setObjectName(QStringLiteral("cancelLaunchButton"));
    m_changes->setWordWrap(false);
    center->bar()->addWidget(title);
    center->bar()->addWidget(m_changes);
    center->bar()->addStretch();
    center->bar()->addWidget(reset);
    center->bar()->addWidget(cancel);
    auto* page = new QWidget;
    auto* form = new QGridLayout(page);
    form->setContentsMargins(24, 0, 24, 24);
    form->setHorizontalSpacing(16);
    form->setVerticalSpacing(0);
    form->setColumnStretch(2, 1);
    addBasics(*form);
    addRollouts(*form);
    form->setRowStretch(form->rowCount(), 1);
    auto* scroll = new QScrollArea(center);
    scroll->setWidget(page);
    scroll->setWidgetResizable(true);
    scroll->setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
    for (QWidget* ground : std::initializer_list<QWidget*>{scroll, scroll->viewport(), page})
        ground->setBackgroundRole(QPalette::Base);
    center->setBody(scroll);

    auto* right = new Pane(this, true);
    auto* estimateTitle = new QLabel(tr("Estimate"), right);
    estimateTitle->setFont(sectionFont());
    right->bar()->addWidget(estimateTitle);
    right->bar()->addStretch();
    right->setBody(m_estimate);
    right->setFixedWidth(kEstimateWidth);
    auto* foot = new QWidget(right);
    auto* footLayout = new QVBoxLayout(foot);
    footLayout->setContentsMargins(16, 8, 16, 12);
    footLayout->setSpacing(8);
    m_problem->setObjectName(QStringLiteral("launchProblem"));
    m_problem->setWordWrap(true);
    m_start->setObjectName(QStringLiteral("startRunButton"));
    m_start->setProperty("primary", true);
    m_start->setProperty("tall", true);
    footLayout->addWidget(m_problem);
    footLayout->addWidget(m_start);
    right->addBelow(foot);

    auto* layout = new QHBoxLayout(this);
    layout->setContentsMargins(0, 0, 0, 0);
    layout->setSpacing(0);
    layout->addWidget(center, 1);
    layout->addWidget(right);
    m_wait->setSingleShot(true);
    m_wait->setInterval(kWaitMs);
    connect(m_wait, &QTimer::timeout, this, &LaunchPage::preview);
    connect(m_start, &QPushButton::clicked, this, &LaunchPage::startWanted);
    connect(reset, &QPushButton::clicked, this, &LaunchPage::takePreset);
    connect(cancel, &QPushButton::clicked, this, &LaunchPage::cancelled);
    connect(&Theme::instance(), &Theme::changed, this, &LaunchPage::showChanges);
    takePreset();
}

void LaunchPage::addBasics(QGridLayout& form)
{
    QWidget* page = form.parentWidget();
    m_preset->setObjectName(QStringLiteral("presetCombo"));
    for (const std::string& name : align::presetNames())
        m_preset->addItem(QString::fromStdString(name));
    m_model->setObjectName(QStringLiteral("modelCombo"));
    m_model->setEditable(true);
    m_model->setCurrentText(QStringLiteral("starter"));
    m_mode->setObjectName(QStringLiteral("modeCombo"));
    m_mode->addItem(tr("as the preset says"), QString());
    m_mode->addItem(tr("nothing (none)"), QStringLiteral("none"));
    m_mode->addItem(tr("codes"), QStringLiteral("codes"));
    m_mode->addItem(tr("codes and cases"), QStringLiteral("cases"));
    m_drafts->setObjectName(QStringLiteral("includeDraftsCheck"));
    auto* browse = new QPushButton(tr("Folder"), page);
    browse->setObjectName(QStringLiteral("browseModelButton"));
    auto* models = new QWidget(page);
    models->setAccessibleName(tr("Model"));
    auto* modelRow = new QHBoxLayout(models);
    modelRow->setContentsMargins(0, 0, 0, 0);
    modelRow->setSpacing(8);
    modelRow->addWidget(m_model, 1);
    modelRow->addWidget(browse);
    for (QWidget* field : std::initializer_list<QWidget*>{m_preset, models, m_mode})
        field->setFixedWidth(kFieldWidth);
    m_preset->setAccessibleName(tr("Preset"));
    m_model->setAccessibleName(tr("Model"));
    m_casebaseName->setObjectName(QStringLiteral("launchCasebaseLabel"));

    addHeading(form, tr("Basics"));
    addSetting(form, tr("Start from"), "preset", m_preset, m_about);
    addSetting(form, tr("Model"), "model", models,
        note(tr("The starter ships with the program; others are Hugging Face folders or run:ID."), page));
    addSetting(
        form, tr("Casebase"), "casebase", m_casebaseName, note(tr("Frozen as it is now: later edits change nothing in the run."), page));
    addSetting(form, tr("In the context"), "mode", m_mode, note(tr("What the model reads before it reasons."), page));
    addSetting(
        form, tr("Cases in the prompt"), "cases_per_prompt", m_cases, note(tr("A request never sees the case that it came from."), page));
    addSetting(form, tr("Steps"), "max_steps", m_steps, m_stepNote);
    addSetting(form, tr("Seed"), "seed", m_seed, note(tr("The same seed on the same machine gives the same run."), page));
    const int row = form.rowCount();
    form.addWidget(m_drafts, row, 1, 1, 2);
    form.setRowMinimumHeight(row, kRow);

    connect(m_preset, &QComboBox::currentIndexChanged, this, &LaunchPage::takePreset);
    connect(m_model, &QComboBox::currentTextChanged, this, &LaunchPage::check);
    connect(m_mode, &QComboBox::currentIndexChanged, this, &LaunchPage::check);
    connect(m_drafts, &QCheckBox::toggled, this, &LaunchPage::check);
    for (QSpinBox* field : {m_steps, m_seed, m_cases})
        connect(field, &QSpinBox::valueChanged, this, &LaunchPage::check);
    connect(browse, &QPushButton::clicked, this, [this] {
        const QString model = chooseModel(this);
        if (!model.isEmpty())
            m_model->setCurrentText(model);
    });
}

void LaunchPage::addRollouts(QGridLayout& form)
{
    QWidget* page = form.parentWidget();
    m_temperatureNote->setObjectName(QStringLiteral("temperatureNote"));
    m_temperatureNote->setWordWrap(true);
    addHeading(form, tr("Rollouts"));
    addSetting(form, tr("Requests a step"), "prompts_per_step", m_prompts, note(tr("More make a step steadier, and slower."), page));
    addSetting(form, tr("Answers to a request"), "num_generations", m_generations,
        note(tr("They are judged against each other. More is steadier, and slower."), page));
    addSetting(form, tr("Longest answer"), "max_completion_length", m_longest,
        note(tr("In tokens, the chain included. What is longer is cut off."), page));
    addSetting(form, tr("Temperature"), "temperature", m_temperature, m_temperatureNote);
    addSetting(form, tr("Pull to the reference"), "beta", m_beta, note(tr("KL weight. At 0 the model may drift until it breaks."), page));
    for (QSpinBox* field : {m_prompts, m_generations, m_longest})
        connect(field, &QSpinBox::valueChanged, this, &LaunchPage::check);
    for (QDoubleSpinBox* field : {m_temperature, m_beta})
        connect(field, &QDoubleSpinBox::valueChanged, this, &LaunchPage::check);
}

void LaunchPage::setCasebase(const std::filesystem::path& path)
{
    m_casebase = path;
    m_casebaseName->setText(QString::fromStdString(path.filename().string()));
    m_casebaseName->setToolTip(QString::fromStdString(path.string()));
}

void LaunchPage::refresh()
{
    fillModels();
    m_resolved.clear();
    check();
}

void LaunchPage::takePreset()
{
    const QString name = m_preset->currentText();
    if (auto preset = align::preset(name.toStdString()); preset.ok())
        m_spec = std::move(*preset);
    m_about->setText(aboutPreset(name));
    m_mode->setCurrentIndex(0);
    m_steps->setValue(m_spec.maxSteps);
    m_seed->setValue(static_cast<int>(m_spec.seed));
    m_cases->setValue(m_spec.casesPerPrompt);
    m_prompts->setValue(m_spec.promptsPerStep);
    m_generations->setValue(m_spec.numGenerations);
    m_longest->setValue(m_spec.maxCompletionLength);
    m_temperature->setValue(m_spec.temperature);
    m_beta->setValue(m_spec.beta);
    check();
}

void LaunchPage::setProblem(const QString& problem)
{
    m_problem->setText(problem);
    m_problem->setVisible(!problem.isEmpty());
    m_start->setEnabled(problem.isEmpty());
}

void LaunchPage::check()
{
    const int asked = ++m_checks;
    const QString model = m_model->currentText().trimmed();
    showChanges();
    if (model.isEmpty())
        return checked(tr("Name a model: starter, or a Hugging Face folder."));
    if (model.startsWith(QLatin1String("run:"))) // the casebase knows; preparing the run tells
        return checked({});
    if (model == m_resolved)
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
    const core::RunSpec now = order().spec;
    const Json then = align::toJson(m_spec);
    const Json is = align::toJson(now);
    qint64 changed = 0;
    for (const auto& [key, value] : is.items())
        changed += key != "model" && value != then.value(key, Json()) ? 1 : 0;
    m_changes->setText(changed == 0
            ? m_preset->currentText()
            : tr("%1 with %2").arg(m_preset->currentText(), counted(changed, tr("one setting changed"), tr("%1 settings changed"))));
    m_stepNote->setText(tr("One step is %1 with %2 each.")
                            .arg(counted(now.promptsPerStep, tr("1 request"), tr("%1 requests")),
                                counted(now.numGenerations, tr("1 answer"), tr("%1 answers"))));
    const bool low = now.temperature < kLowTemperature;
    m_temperatureNote->setText(
        low ? tr("Below 0.5 answers are too alike to learn from. Usual: 0.8 to 1.") : tr("How freely answers are drawn. Usual: 0.8 to 1."));
    setTextColor(*m_temperatureNote, low ? Role::warning : Role::secondary);
}

RunOrder LaunchPage::order() const
{
    RunOrder order;
    order.spec = m_spec;
    order.spec.model = m_model->currentText().trimmed().toStdString();
    order.spec.maxSteps = m_steps->value();
    order.spec.seed = static_cast<std::uint64_t>(m_seed->value());
    order.spec.casesPerPrompt = m_cases->value();
    order.spec.promptsPerStep = m_prompts->value();
    order.spec.numGenerations = m_generations->value();
    order.spec.maxCompletionLength = m_longest->value();
    // A field shows fewer digits than a preset may have: what was not touched stays what it was.
    if (m_temperature->text() != m_temperature->textFromValue(m_spec.temperature))
        order.spec.temperature = m_temperature->value();
    if (m_beta->text() != m_beta->textFromValue(m_spec.beta))
        order.spec.beta = m_beta->value();
    if (const QString mode = m_mode->currentData().toString(); !mode.isEmpty())
        order.spec.modeWeights = {{mode.toStdString(), 1.0}};
    order.includeDrafts = m_drafts->isChecked();
    return order;
}

void LaunchPage::setModel(const QString& model) { m_model->setCurrentText(model); }

void LaunchPage::fillModels()
{
    inBackground(this, &workspace::baseModelChoices, [this](const std::vector<workspace::ModelChoice>& choices) {
        const QSignalBlocker quiet(m_model);
        const QString chosen = m_model->currentText();
        m_model->clear();
        for (const workspace::ModelChoice& choice : choices)
            m_model->addItem(QString::fromStdString(choice.title), QString::fromStdString(choice.name));
        m_model->setCurrentText(chosen);
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
    if (preview.ok()) {
        m_estimate->setPreview(preview.value());
        return;
    }
    const Error& error = preview.error();
    m_estimate->setProblem(tr("There is nothing to estimate."));
    setProblem(QString::fromStdString(error.message() + (error.hint().empty() ? "" : " " + error.hint())));
}

} // namespace precedent::ui
