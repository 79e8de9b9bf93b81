#include "ui/runs/setting_field.h"

#include <algorithm>
#include <map>
#include <memory>

#include <QCheckBox>
#include <QComboBox>
#include <QHBoxLayout>
#include <QLabel>
#include <QLineEdit>
#include <QRegularExpression>
#include <QSpinBox>

#include "ui/casebase/flow_layout.h"
#include "ui/shell/real_spin.h"
#include "ui/shell/segments.h"

namespace precedent::ui {
namespace {

constexpr int kShareWidth = 72;
constexpr int kShareGap = 6;

SettingField wholeField(const Setting& setting, QWidget* parent, const Edited& edited)
{
    auto* spin = new QSpinBox(parent);
    spin->setRange(static_cast<int>(setting.least), static_cast<int>(setting.most));
    spin->setSingleStep(static_cast<int>(setting.step));
    spin->setAlignment(Qt::AlignRight);
    spin->setFixedWidth(kNumberWidth);
    spin->setSpecialValueText(setting.none);
    QObject::connect(spin, &QSpinBox::valueChanged, spin, [edited](int value) { edited(value); });
    return {spin, false, [spin](const Json& value) {
                const QSignalBlocker blocker(spin);
                if (value.is_number_integer())
                    spin->setValue(static_cast<int>(std::clamp<std::int64_t>(value.get<std::int64_t>(), spin->minimum(), spin->maximum())));
            }};
}

RealSpin* realSpin(const Setting& setting, QWidget* parent, int width)
{
    auto* spin = new RealSpin(parent);
    spin->setRange(setting.least, setting.most);
    spin->setSingleStep(setting.step);
    spin->setFixedWidth(width);
    return spin;
}

SettingField realField(const Setting& setting, QWidget* parent, const Edited& edited)
{
    auto* spin = realSpin(setting, parent, kNumberWidth);
    spin->setSpecialValueText(setting.none);
    QObject::connect(spin, &QDoubleSpinBox::valueChanged, spin, [edited](double value) { edited(value); });
    return {spin, false, [spin](const Json& value) {
                const QSignalBlocker blocker(spin);
                if (value.is_number())
                    spin->setValue(value.get<double>());
            }};
}

SettingField yesNoField(const Setting& setting, QWidget* parent, const Edited& edited)
{
    auto* box = new QCheckBox(parent);
    box->setAccessibleName(setting.title);
    QObject::connect(box, &QCheckBox::toggled, box, [edited](bool on) { edited(on); });
    return {box, false, [box](const Json& value) {
                const QSignalBlocker blocker(box);
                box->setChecked(value.is_boolean() && value.get<bool>());
            }};
}

QString textOf(const Json& value) { return value.is_string() ? QString::fromStdString(value.get<std::string>()) : QString(); }

SettingField choiceField(const Setting& setting, QWidget* parent, const Edited& edited)
{
    auto* combo = new QComboBox(parent);
    for (const auto& [value, words] : setting.choices)
        combo->addItem(words, value);
    QObject::connect(
        combo, &QComboBox::currentIndexChanged, combo, [combo, edited] { edited(combo->currentData().toString().toStdString()); });
    return {combo, false, [combo](const Json& value) {
                const QSignalBlocker blocker(combo);
                combo->setCurrentIndex(combo->findData(textOf(value)));
            }};
}

SettingField segmentsField(const Setting& setting, QWidget* parent, const Edited& edited)
{
    auto* segments = new Segments(parent);
    segments->setObjectName(setting.key);
    for (const auto& [value, words] : setting.choices)
        segments->add(value, words);
    QObject::connect(segments, &Segments::chosen, segments, [edited](const QString& value) { edited(value.toStdString()); });
    return {segments, false, [segments](const Json& value) { segments->setValue(textOf(value)); }};
}

SettingField modeField(const Setting& setting, QWidget* parent, const Edited& edited)
{
    const QString mixed = QStringLiteral("mixed");
    auto* segments = new Segments(parent);
    segments->setObjectName(setting.name);
    for (const auto& [value, words] : setting.choices)
        segments->add(value, words);
    segments->add(mixed, QObject::tr("mix"));
    const auto shown = std::make_shared<QString>();
    QObject::connect(segments, &Segments::chosen, segments, [edited, shown, mixed](const QString& value) {
        if (value == *shown) // shares that are there stay what they are
            return;
        edited(value == mixed ? Json{{"cases", 0.5}, {"none", 0.5}} : Json{{value.toStdString(), 1.0}});
    });
    return {segments, false, [segments, shown, mixed](const Json& value) {
                *shown = value.is_object() && value.size() == 1 ? QString::fromStdString(value.begin().key()) : mixed;
                segments->setValue(*shown);
            }};
}

/// Names and shares. A share of 0 that was not named stays unnamed: it would make another spec of the same run.
SettingField sharesField(const Setting& setting, QWidget* parent, const Edited& edited)
{
    auto* widget = new QWidget(parent);
    auto* flow = new FlowLayout(widget);
    const auto spins = std::make_shared<std::map<std::string, RealSpin*>>();
    const auto shown = std::make_shared<Json>(Json::object());
    Setting one = setting;
    one.most = 1e6;
    one.step = 0.05;
    for (const auto& [value, words] : setting.choices) {
        auto* cell = new QWidget(widget);
        auto* row = new QHBoxLayout(cell);
        row->setContentsMargins(0, 0, 0, 0);
        row->setSpacing(kShareGap);
        auto* spin = realSpin(one, cell, kShareWidth);
        spin->setObjectName((setting.name.isEmpty() ? setting.key : setting.name) + QLatin1Char('_') + value);
        spin->setAccessibleName(setting.title + QLatin1Char(' ') + words);
        row->addWidget(new QLabel(words, cell));
        row->addWidget(spin);
        flow->addWidget(cell);
        (*spins)[value.toStdString()] = spin;
        QObject::connect(spin, &QDoubleSpinBox::valueChanged, widget, [spins, shown, edited, mayBeEmpty = !setting.none.isEmpty()] {
            Json shares = Json::object();
            bool any = false;
            for (const auto& [name, field] : *spins) {
                any = any || field->value() > 0;
                if (field->value() > 0 || shown->contains(name))
                    shares[name] = field->value();
            }
            edited(any || !mayBeEmpty ? shares : Json::object());
        });
    }
    widget->setFocusProxy(spins->at(setting.choices.front().first.toStdString()));
    return {widget, true, [spins, shown](const Json& value) {
                *shown = value.is_object() ? value : Json::object();
                for (const auto& [name, spin] : *spins) {
                    const QSignalBlocker blocker(spin);
                    spin->setValue(shown->value(name, 0.0));
                }
            }};
}

/// What is listed and no choice of ours stays listed, at the end.
SettingField checksField(const Setting& setting, QWidget* parent, const Edited& edited)
{
    auto* widget = new QWidget(parent);
    auto* flow = new FlowLayout(widget);
    const auto boxes = std::make_shared<std::vector<std::pair<std::string, QCheckBox*>>>();
    const auto others = std::make_shared<Json>(Json::array());
    for (const auto& [value, words] : setting.choices) {
        auto* box = new QCheckBox(words, widget);
        box->setObjectName(setting.key + QLatin1Char('_') + value);
        flow->addWidget(box);
        boxes->emplace_back(value.toStdString(), box);
        QObject::connect(box, &QCheckBox::toggled, widget, [boxes, others, edited] {
            Json list = Json::array();
            for (const auto& [name, made] : *boxes) {
                if (made->isChecked())
                    list.push_back(name);
            }
            list.insert(list.end(), others->begin(), others->end());
            edited(list);
        });
    }
    widget->setFocusProxy(boxes->front().second);
    return {widget, true, [boxes, others](const Json& value) {
                *others = Json::array();
                for (const auto& [name, box] : *boxes) {
                    const QSignalBlocker blocker(box);
                    box->setChecked(std::find(value.begin(), value.end(), Json(name)) != value.end());
                }
                for (const Json& item : value) {
                    if (std::none_of(boxes->begin(), boxes->end(), [&](const auto& pair) { return item == Json(pair.first); }))
                        others->push_back(item);
                }
            }};
}

SettingField listField(const Setting& setting, QWidget* parent, const Edited& edited)
{
    auto* edit = new QLineEdit(parent);
    edit->setPlaceholderText(QObject::tr("none"));
    edit->setAccessibleName(setting.title);
    QObject::connect(edit, &QLineEdit::textChanged, edit, [edited](const QString& text) {
        Json list = Json::array();
        static const QRegularExpression between(QStringLiteral("[\\s,;]+"));
        for (const QString& id : text.split(between, Qt::SkipEmptyParts))
            list.push_back(id.toStdString());
        edited(list);
    });
    return {edit, true, [edit](const Json& value) {
                QStringList ids;
                for (const Json& id : value)
                    ids += textOf(id);
                const QSignalBlocker blocker(edit);
                edit->setText(ids.join(QStringLiteral(", ")));
            }};
}

SettingField textField(const Setting& setting, QWidget* parent, const Edited& edited)
{
    auto* edit = new QLineEdit(parent);
    edit->setPlaceholderText(setting.none);
    edit->setAccessibleName(setting.title);
    QObject::connect(edit, &QLineEdit::textChanged, edit, [edited](const QString& text) { edited(text.trimmed().toStdString()); });
    return {edit, true, [edit](const Json& value) {
                const QSignalBlocker blocker(edit);
                if (edit->text().trimmed() != textOf(value)) // a blank just typed stays
                    edit->setText(textOf(value));
            }};
}

SettingField madeField(const Setting& setting, QWidget* parent, const Edited& edited)
{
    using Kind = Setting::Kind;
    switch (setting.kind) {
    case Kind::whole:
        return wholeField(setting, parent, edited);
    case Kind::real:
        return realField(setting, parent, edited);
    case Kind::yesNo:
        return yesNoField(setting, parent, edited);
    case Kind::choice:
        return choiceField(setting, parent, edited);
    case Kind::segments:
        return segmentsField(setting, parent, edited);
    case Kind::mode:
        return modeField(setting, parent, edited);
    case Kind::shares:
        return sharesField(setting, parent, edited);
    case Kind::checks:
        return checksField(setting, parent, edited);
    case Kind::list:
        return listField(setting, parent, edited);
    case Kind::text:
        return textField(setting, parent, edited);
    case Kind::model:
        return makeModelField(setting, parent, edited);
    case Kind::file:
        return makeFileField(setting, parent, edited);
    case Kind::weights:
        return makeWeightsField(setting, parent, edited);
    case Kind::judge:
        return makeJudgeField(setting, parent, edited);
    }
    return {};
}

} // namespace

SettingField makeField(const Setting& setting, QWidget* parent, const Edited& edited)
{
    SettingField field = madeField(setting, parent, edited);
    if (field.widget->objectName().isEmpty())
        field.widget->setObjectName(setting.name.isEmpty() ? setting.key + QStringLiteral("Field") : setting.name);
    if (field.widget->accessibleName().isEmpty())
        field.widget->setAccessibleName(setting.title);
    return field;
}

} // namespace precedent::ui
