#include "ui/runs/launch_dialog.h"

#include <QCheckBox>
#include <QComboBox>
#include <QDialogButtonBox>
#include <QFileDialog>
#include <QFormLayout>
#include <QLabel>
#include <QPushButton>
#include <QSpinBox>
#include <QVBoxLayout>

#include "precedent/align/run_spec_json.h"
#include "precedent/workspace/model_choices.h"
#include "precedent/workspace/model_source.h"
#include "ui/bridge/background.h"
#include "ui/shell/card.h"
#include "ui/shell/type_scale.h"

namespace precedent::ui {
namespace {

QString aboutPreset(const QString& name)
{
    if (name == QLatin1String("quickstart"))
        return LaunchDialog::tr("The starter model in a few minutes, measured before and after on the held-out suites.");
    if (name == QLatin1String("cada"))
        return LaunchDialog::tr("Case-augmented deliberative alignment: simple codes and cases in the context.");
    if (name == QLatin1String("da"))
        return LaunchDialog::tr("Deliberative alignment as a baseline: detailed codes, no cases.");
    if (name == QLatin1String("control-shuffled"))
        return LaunchDialog::tr("A control: dispositions permuted over the prompts.");
    if (name == QLatin1String("control-random"))
        return LaunchDialog::tr("A control: rewards drawn at random.");
    return {};
}

} // namespace

LaunchDialog::LaunchDialog(const QString& model, QWidget* parent)
    : QDialog(parent)
    , m_preset(new QComboBox(this))
    , m_model(new QComboBox(this))
    , m_steps(new QSpinBox(this))
    , m_seed(new QSpinBox(this))
    , m_mode(new QComboBox(this))
    , m_drafts(new QCheckBox(tr("Also use cases that nobody has approved"), this))
    , m_about(new QuietLabel({}, secondaryFont(), this))
    , m_problem(new QLabel(this))
{
    setObjectName(QStringLiteral("launchDialog"));
    setWindowTitle(tr("New run"));
    setMinimumWidth(480);
    m_preset->setObjectName(QStringLiteral("presetCombo"));
    for (const std::string& name : align::presetNames())
        m_preset->addItem(QString::fromStdString(name));
    m_model->setObjectName(QStringLiteral("modelCombo"));
    m_model->setEditable(true);
    m_model->setCurrentText(model.isEmpty() ? QStringLiteral("starter") : model);
    m_steps->setObjectName(QStringLiteral("stepsSpin"));
    m_steps->setRange(1, 1000000);
    m_seed->setObjectName(QStringLiteral("seedSpin"));
    m_seed->setRange(0, std::numeric_limits<int>::max());
    m_mode->setObjectName(QStringLiteral("modeCombo"));
    m_mode->addItem(tr("as the preset says"), QString());
    m_mode->addItem(tr("nothing (none)"), QStringLiteral("none"));
    m_mode->addItem(tr("codes"), QStringLiteral("codes"));
    m_mode->addItem(tr("codes and cases"), QStringLiteral("cases"));
    m_drafts->setObjectName(QStringLiteral("includeDraftsCheck"));
    m_problem->setObjectName(QStringLiteral("launchProblemLabel"));
    m_problem->setWordWrap(true);

    auto* form = new QFormLayout;
    form->setHorizontalSpacing(16);
    form->setVerticalSpacing(8);
    form->addRow(tr("Preset"), m_preset);
    form->addRow(QString(), m_about);
    form->addRow(tr("Model"), makeModelRow());
    form->addRow(tr("Steps"), m_steps);
    form->addRow(tr("Seed"), m_seed);
    form->addRow(tr("In the context"), m_mode);
    form->addRow(QString(), m_drafts);
    auto* buttons = new QDialogButtonBox(QDialogButtonBox::Cancel, this);
    m_start = buttons->addButton(tr("Start the run"), QDialogButtonBox::AcceptRole);
    m_start->setObjectName(QStringLiteral("startRunButton"));
    m_start->setProperty("primary", true);
    m_start->setDefault(true);
    auto* layout = new QVBoxLayout(this);
    layout->setContentsMargins(24, 24, 24, 16);
    layout->setSpacing(16);
    layout->addLayout(form);
    layout->addWidget(m_problem);
    layout->addWidget(buttons);
    connect(buttons, &QDialogButtonBox::accepted, this, &QDialog::accept);
    connect(buttons, &QDialogButtonBox::rejected, this, &QDialog::reject);
    connect(m_preset, &QComboBox::currentIndexChanged, this, &LaunchDialog::takePreset);
    connect(m_model, &QComboBox::currentTextChanged, this, &LaunchDialog::check);
    takePreset();
    fillModels();
}

QHBoxLayout* LaunchDialog::makeModelRow()
{
    auto* browse = new QPushButton(tr("Folder"), this);
    browse->setObjectName(QStringLiteral("browseModelButton"));
    connect(browse, &QPushButton::clicked, this, [this] {
        const QString folder = QFileDialog::getExistingDirectory(this, tr("A model's folder"));
        if (!folder.isEmpty())
            m_model->setCurrentText(folder);
    });
    auto* row = new QHBoxLayout;
    row->setSpacing(8);
    row->addWidget(m_model, 1);
    row->addWidget(browse);
    return row;
}

void LaunchDialog::fillModels()
{
    inBackground(this, &workspace::baseModelChoices, [this](const std::vector<workspace::ModelChoice>& choices) {
        const QString chosen = m_model->currentText();
        for (const workspace::ModelChoice& choice : choices)
            m_model->addItem(QString::fromStdString(choice.title), QString::fromStdString(choice.name));
        m_model->setCurrentText(chosen);
    });
}

void LaunchDialog::takePreset()
{
    const QString name = m_preset->currentText();
    if (auto preset = align::preset(name.toStdString()); preset.ok())
        m_spec = std::move(*preset);
    m_about->setText(aboutPreset(name));
    m_steps->setValue(m_spec.maxSteps);
    m_seed->setValue(static_cast<int>(m_spec.seed));
    check();
}

void LaunchDialog::check()
{
    const QString model = m_model->currentText().trimmed();
    const int asked = ++m_checks;
    if (model.isEmpty())
        return showProblem(tr("Name a model: starter, or a Hugging Face folder."));
    if (model.startsWith(QLatin1String("run:"))) // the casebase knows; preparing the run tells
        return showProblem({});
    m_start->setEnabled(false);
    inBackground(
        this, [name = model.toStdString()] { return workspace::resolveModel(name); },
        [this, asked](const Result<workspace::ModelSource>& source) {
            if (asked == m_checks)
                showProblem(source.ok() ? QString() : QString::fromStdString(source.error().message()));
        });
}

void LaunchDialog::showProblem(const QString& problem)
{
    m_problem->setText(problem);
    m_start->setEnabled(problem.isEmpty());
}

RunOrder LaunchDialog::order() const
{
    RunOrder order;
    order.spec = m_spec;
    order.spec.model = m_model->currentText().trimmed().toStdString();
    order.spec.maxSteps = m_steps->value();
    order.spec.seed = static_cast<std::uint64_t>(m_seed->value());
    if (const QString mode = m_mode->currentData().toString(); !mode.isEmpty())
        order.spec.modeWeights = {{mode.toStdString(), 1.0}};
    order.includeDrafts = m_drafts->isChecked();
    return order;
}

} // namespace precedent::ui
