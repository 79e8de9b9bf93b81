#include "ui/runs/save_preset_dialog.h"

#include <QDialogButtonBox>
#include <QFormLayout>
#include <QLabel>
#include <QLineEdit>
#include <QPushButton>

#include "ui/runs/setting_field.h"
#include "ui/runs/user_presets.h"
#include "ui/shell/card.h"
#include "ui/shell/type_scale.h"

namespace precedent::ui {

SavePresetDialog::SavePresetDialog(QWidget* parent)
    : QDialog(parent)
    , m_name(new QLineEdit(this))
    , m_about(new QuietLabel({}, secondaryFont(), this))
{
    setObjectName(QStringLiteral("savePresetDialog"));
    setWindowTitle(tr("Save as preset"));
    setAttribute(Qt::WA_DeleteOnClose);
    setMinimumWidth(400);
    m_name->setObjectName(QStringLiteral("presetNameEdit"));
    m_name->setAccessibleName(tr("Name of the preset"));
    m_about->setObjectName(QStringLiteral("presetNameAbout"));
    auto* buttons = new QDialogButtonBox(QDialogButtonBox::Cancel, this);
    m_save = buttons->addButton(tr("Save"), QDialogButtonBox::AcceptRole);
    m_save->setObjectName(QStringLiteral("presetNameSave"));
    m_save->setProperty("primary", true);
    m_save->setDefault(true);
    auto* form = new QFormLayout(this);
    form->setContentsMargins(24, 24, 24, 16);
    form->setVerticalSpacing(12);
    form->addRow(tr("Name"), m_name);
    form->addRow(m_about);
    form->addRow(buttons);
    connect(m_name, &QLineEdit::textChanged, this, &SavePresetDialog::check);
    connect(buttons, &QDialogButtonBox::accepted, this, [this] {
        Q_EMIT named(m_name->text().trimmed());
        accept();
    });
    connect(buttons, &QDialogButtonBox::rejected, this, &QDialog::reject);
    check();
}

void SavePresetDialog::check()
{
    const QString problem = UserPresets::checkName(m_name->text());
    const bool replaces = problem.isEmpty() && UserPresets::exists(m_name->text());
    m_save->setEnabled(problem.isEmpty());
    m_save->setText(replaces ? tr("Replace") : tr("Save"));
    m_about->setText(!problem.isEmpty() ? problem
            : replaces                  ? tr("There is a preset of this name: its settings are replaced by these.")
                                        : tr("It stands among the cards from now on, with every setting and the model."));
}

} // namespace precedent::ui
