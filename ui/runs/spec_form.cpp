#include "ui/runs/spec_form.h"

#include <algorithm>

#include <QAbstractSpinBox>
#include <QComboBox>
#include <QEvent>
#include <QVBoxLayout>

#include "precedent/align/run_spec_json.h"
#include "ui/shell/counted.h"

namespace precedent::ui {
namespace {

constexpr double kLowTemperature = 0.5;

/// The key that a message of align's is about: "temperature is 0; expected ...", "The setting mode.none is ...".
QString keyIn(const QString& message)
{
    const QString setting = QStringLiteral("The setting ");
    const QString rest = message.startsWith(setting) ? message.mid(setting.size()) : message;
    return rest.section(QLatin1Char(' '), 0, 0);
}

QString aboutStep(const core::RunSpec& spec)
{
    if (spec.method == core::Method::sft)
        return SpecForm::tr("One step learns %1.").arg(counted(spec.batchSize, SpecForm::tr("1 example"), SpecForm::tr("%1 examples")));
    if (spec.method == core::Method::dpo)
        return SpecForm::tr("Of these %1 draw chains; a later one learns %2.")
            .arg(QString::number(spec.selfGenerationSteps), counted(spec.batchSize, SpecForm::tr("1 pair"), SpecForm::tr("%1 pairs")));
    return SpecForm::tr("One step is %1 with %2 each.")
        .arg(counted(spec.promptsPerStep, SpecForm::tr("1 request"), SpecForm::tr("%1 requests")),
            counted(spec.numGenerations, SpecForm::tr("1 answer"), SpecForm::tr("%1 answers")));
}

} // namespace

SpecForm::SpecForm(QWidget* parent)
    : QWidget(parent)
{
    auto* layout = new QVBoxLayout(this);
    layout->setContentsMargins(0, 0, 0, 0);
    layout->setSpacing(0);
    for (const SettingGroup& group : settingGroups()) {
        auto* view = new SettingGroupView(group, this);
        m_groups.push_back(view);
        for (const Setting& setting : group.settings) {
            const std::size_t at = m_rows.size();
            auto* row = new SettingRow(
                setting, [this, at](const Json& value) { write(m_rows[at].first, value); }, view);
            m_rows.emplace_back(row, view);
            view->add(row);
        }
        layout->addWidget(view);
    }
    // A wheel over a field scrolls the page unless the field was gone to.
    for (QWidget* field : findChildren<QWidget*>()) {
        if (qobject_cast<QAbstractSpinBox*>(field) != nullptr || qobject_cast<QComboBox*>(field) != nullptr) {
            field->setFocusPolicy(Qt::StrongFocus);
            field->installEventFilter(this);
        }
    }
}

bool SpecForm::eventFilter(QObject* watched, QEvent* event)
{
    if (event->type() == QEvent::Wheel && !static_cast<QWidget*>(watched)->hasFocus()) {
        event->ignore();
        return true;
    }
    return QWidget::eventFilter(watched, event);
}

Json SpecForm::valueOf(const QString& key) const
{
    const std::string outer = key.section(QLatin1Char('.'), 0, 0).toStdString();
    const Json value = m_settings.value(outer, Json());
    return key.contains(QLatin1Char('.')) && value.is_object() ? value.value(key.section(QLatin1Char('.'), 1).toStdString(), Json())
                                                               : value;
}

void SpecForm::setSpec(const core::RunSpec& spec)
{
    m_settings = align::toJson(spec);
    for (const auto& [row, group] : m_rows)
        row->show(valueOf(row->setting().key));
    follow(spec);
}

Result<core::RunSpec> SpecForm::spec() const { return align::runSpecFromJson(m_settings); }

void SpecForm::write(const SettingRow* row, const Json& value)
{
    const QString& key = row->setting().key;
    const std::string outer = key.section(QLatin1Char('.'), 0, 0).toStdString();
    if (key.contains(QLatin1Char('.')))
        m_settings[outer][key.section(QLatin1Char('.'), 1).toStdString()] = value;
    else
        m_settings[outer] = value;
    if (outer == "reward_judge")
        m_settings["reward_judge_hash"] = ""; // it was another judge's
    for (const auto& [other, group] : m_rows) {
        if (other != row && other->setting().key == key)
            other->show(value);
    }
    Q_EMIT edited();
}

SettingGroupView* SpecForm::group(const QString& id) const
{
    const auto found = std::find_if(m_groups.begin(), m_groups.end(), [&](const SettingGroupView* group) { return group->id() == id; });
    return found == m_groups.end() ? nullptr : *found;
}

SettingRow* SpecForm::row(const QString& key) const
{
    const auto found = std::find_if(m_rows.begin(), m_rows.end(), [&](const auto& pair) { return pair.first->setting().key == key; });
    return found == m_rows.end() ? nullptr : found->first;
}

void SpecForm::addFixedRow(const QString& group, int at, const QString& title, const QString& key, QWidget* field, QWidget* note)
{
    SettingGroupView* view = this->group(group);
    view->insert(at, fixedRow(title, key, field, note, view));
    setTabOrder(view->head(), note);
}

void SpecForm::setModelChoices(const std::vector<std::pair<QString, QString>>& choices)
{
    for (QComboBox* combo : findChildren<QComboBox*>()) {
        if (!combo->property("modelChoices").toBool())
            continue;
        const QSignalBlocker blocker(combo); // it shows the same model before and after
        const QString chosen = combo->currentText();
        combo->clear();
        for (const auto& [title, name] : choices)
            combo->addItem(title, name);
        combo->setCurrentText(chosen);
    }
}

void SpecForm::setProblem(const QString& problem)
{
    const QString key = keyIn(problem);
    for (SettingGroupView* group : m_groups)
        group->setProblem({});
    for (const auto& [row, group] : m_rows) {
        const QString& own = row->setting().key;
        const bool about = !problem.isEmpty() && (key == own || key.startsWith(own + QLatin1Char('.')));
        if (about) {
            row->setVisible(true); // also where it would be of no effect: here it can be mended
            group->setProblem(problem);
        }
        if (about || own != QLatin1String("temperature"))
            row->setWarning(about ? problem : QString());
    }
}

void SpecForm::follow(const core::RunSpec& spec)
{
    for (SettingGroupView* group : m_groups)
        group->follow(spec);
    row("max_steps")->setNote(aboutStep(spec));
    SettingRow* temperature = row("temperature");
    temperature->setNote(tr("How freely answers are drawn. Usual: 0.8 to 1."));
    temperature->setWarning(
        spec.temperature < kLowTemperature ? tr("Below 0.5 answers are too alike to learn from. Usual: 0.8 to 1.") : QString());
    row("reward_judge")->setNote(judgeNote(spec));
    row("evaluate_cases_per_prompt")->setNote(tr("At most, in those answers' contexts."));
}

} // namespace precedent::ui
