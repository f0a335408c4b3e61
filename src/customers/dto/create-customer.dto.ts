import { Email, Text } from '../../http/validation/rules';
import { UpdateCustomerDto } from './update-customer.dto';

/** A new customer: the members of a change, of which three have to be there. */
export class CreateCustomerDto extends UpdateCustomerDto {
  @Text({ max: 100, required: true, description: "Customer's first name", example: 'Jane' })
  override first_name!: string;

  @Text({ max: 100, required: true, description: "Customer's last name", example: 'Doe' })
  override last_name!: string;

  @Email({
    max: 254,
    required: true,
    description: 'Unique among the customers of the seller, ignoring case; kept as sent',
    example: 'jane.doe@example.com',
  })
  override email!: string;
}
